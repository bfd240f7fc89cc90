import type { X509Certificate } from 'node:crypto';
import { BasicOCSPResponse, OCSPResponse, OCSPResponseStatus } from '@peculiar/asn1-ocsp';
import { AsnConvert } from '@peculiar/asn1-schema';

/** What a server has stapled to its certificate (RFC 6066 section 8). Told by the server, its signature verified by nobody. */
export interface StapledResponse {
  /** `unusable`: not about the leaf, no answer of success, or not to be read. */
  status: 'good' | 'revoked' | 'unknown' | 'unusable';
  /** ISO 8601. */
  this_update: string | null;
  next_update: string | null;
}

/** Far above any in use; a longer one is not read. */
const MAX_RESPONSE = 64 * 1024;
/** id-pkix-ocsp-basic (RFC 6960 section 4.2.1). */
const BASIC = '1.3.6.1.5.5.7.48.1.1';
const unusable: StapledResponse = { status: 'unusable', this_update: null, next_update: null };

/** @param der an OCSPResponse as it came. Never throws: the server may be hostile. */
export function stapledResponse(
  der: Uint8Array,
  leaf: Pick<X509Certificate, 'serialNumber'>,
): StapledResponse {
  if (der.length === 0 || der.length > MAX_RESPONSE) return unusable;
  try {
    const { responseStatus, responseBytes } = AsnConvert.parse(der, OCSPResponse);
    if (responseStatus !== OCSPResponseStatus.successful || responseBytes?.responseType !== BASIC)
      return unusable;
    const { tbsResponseData } = AsnConvert.parse(responseBytes.response, BasicOCSPResponse);
    const about = tbsResponseData.responses.find(
      ({ certID }) =>
        plainSerial(Buffer.from(certID.serialNumber).toString('hex')) === plainSerial(leaf.serialNumber),
    );
    if (!about) return unusable;
    const { certStatus, thisUpdate, nextUpdate } = about;
    return {
      status: certStatus.revoked ? 'revoked' : certStatus.unknown === undefined ? 'good' : 'unknown',
      this_update: thisUpdate.toISOString(),
      next_update: nextUpdate?.toISOString() ?? null,
    };
  } catch {
    return unusable;
  }
}

const plainSerial = (hex: string): string => hex.toLowerCase().replace(/^0+/, '');

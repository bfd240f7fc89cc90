import type { CertID } from '@peculiar/asn1-ocsp';
import { OCSPRequest, id_pkix_ocsp_nonce } from '@peculiar/asn1-ocsp';
import { AsnConvert } from '@peculiar/asn1-schema';
import { readCertificateId } from './certificate-id';
import type { IssuerName } from './certificate-id';

/** More than that is asked for by nobody. */
const MAX_CERTIFICATES = 16;
/** RFC 9654 section 2.1: 32 octets are usual, 128 the most. */
const MAX_NONCE_OCTETS = 128 + 4;

export interface AskedCertificate extends IssuerName {
  /** To be repeated in the answer, to the letter. */
  readonly id: CertID;
}

export interface OcspQuestion {
  /** At least one. */
  readonly certificates: readonly AskedCertificate[];
  /** Content of the nonce extension; to be repeated. */
  readonly nonce: Buffer | undefined;
}

/** DER (RFC 6960 section 4.1.1). A signature is not looked at: everybody may ask. Undefined: it is none, or asks too much. */
export function readOcspRequest(der: Buffer): OcspQuestion | undefined {
  try {
    const { tbsRequest } = AsnConvert.parse(der, OCSPRequest);
    const { requestList, requestExtensions = [] } = tbsRequest;
    if (requestList.length === 0 || requestList.length > MAX_CERTIFICATES) return undefined;
    const certificates = requestList.map(({ reqCert: id }) => {
      const read = readCertificateId(id);
      if (read === undefined) throw new Error('a hash that is not taken');
      return { ...read, id };
    });
    const extension = requestExtensions.find(({ extnID }) => extnID === id_pkix_ocsp_nonce);
    const nonce = extension && Buffer.from(extension.extnValue.buffer);
    if (nonce !== undefined && nonce.length > MAX_NONCE_OCTETS) return undefined;
    return { certificates, nonce };
  } catch {
    // Whatever a parser finds in it is the sender's fault.
    return undefined;
  }
}

import { createHash, sign } from 'node:crypto';
import {
  BasicOCSPResponse,
  CertStatus,
  KeyHash,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
} from '@peculiar/asn1-ocsp';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  CRLReason,
  Certificate,
  Extension,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { revocationReasons } from '../revocation-list';
import type { Revocation } from '../revocation-list';
import type { AskedCertificate } from './request';
import type { OcspResponder } from './responder-certificate';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

export type CertificateStatus = 'good' | 'unknown' | Pick<Revocation, 'at' | 'reason'>;

export interface OcspAnswer {
  readonly statuses: readonly { readonly asked: AskedCertificate; readonly status: CertificateStatus }[];
  readonly nonce: Buffer | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/** An answer that says nothing of a certificate, and is not signed (RFC 6960 section 2.3). */
export const ocspRefusal = (reason: 'malformedRequest' | 'unauthorized' | 'tryLater'): Buffer =>
  Buffer.from(AsnConvert.serialize(new OCSPResponse({ responseStatus: OCSPResponseStatus[reason] })));

/** Signed by the responder, whose certificate is in it. DER. */
export function makeOcspResponse(
  { statuses, nonce, thisUpdate, nextUpdate }: OcspAnswer,
  { certificate, privateKey }: OcspResponder,
): Buffer {
  const { subjectPublicKey } = AsnConvert.parse(certificate.publicKey.rawData, SubjectPublicKeyInfo);
  const keyHash = createHash('sha1').update(Buffer.from(subjectPublicKey)).digest();
  const data = new ResponseData({
    responderID: new ResponderID({ byKey: new KeyHash(keyHash) }),
    producedAt: wholeSeconds(thisUpdate),
    responses: statuses.map(
      ({ asked, status }) =>
        new SingleResponse({
          certID: asked.id,
          certStatus: statusOf(status),
          thisUpdate: wholeSeconds(thisUpdate),
          nextUpdate: wholeSeconds(nextUpdate),
        }),
    ),
  });
  if (nonce !== undefined)
    data.responseExtensions = [
      new Extension({ extnID: id_pkix_ocsp_nonce, extnValue: new OctetString(nonce) }),
    ];
  const signed = Buffer.from(AsnConvert.serialize(data));
  const basic = new BasicOCSPResponse({
    tbsResponseData: data,
    tbsResponseDataRaw: toArrayBuffer(signed),
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    signature: toArrayBuffer(sign('sha256', signed, privateKey)),
    certs: [AsnConvert.parse(certificate.rawData, Certificate)],
  });
  return Buffer.from(
    AsnConvert.serialize(
      new OCSPResponse({
        responseStatus: OCSPResponseStatus.successful,
        responseBytes: new ResponseBytes({
          responseType: id_pkix_ocsp_basic,
          response: new OctetString(AsnConvert.serialize(basic)),
        }),
      }),
    ),
  );
}

function statusOf(status: CertificateStatus): CertStatus {
  if (status === 'good') return new CertStatus({ good: null });
  if (status === 'unknown') return new CertStatus({ unknown: null });
  const revocationReason = new CRLReason(Number(revocationReasons[status.reason]));
  return new CertStatus({
    revoked: new RevokedInfo({ revocationTime: wholeSeconds(status.at), revocationReason }),
  });
}

/** Times have no fractions in DER (RFC 6960 section 4.2.2.1 by RFC 5280). */
const wholeSeconds = (at: Date): Date => new Date(Math.floor(at.getTime() / 1_000) * 1_000);

const toArrayBuffer = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;

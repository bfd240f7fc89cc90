import { X509Certificate } from 'node:crypto';
import type { CertificateAuthorityRecord, SerialStatus } from '@viw/database';
import { isIssuedBy, readCertificate } from '@viw/pki';

/**
 * Every certificate that this authority has given to another one, and that it is revoked once that other one has ended: whoever
 * believes the issuer and reads its list, or asks, believes the ended one no more. Serial numbers of 32 hex digits, oldest first.
 * What is no certificate of this authority, whatever its row says, is left out, and nothing else with it.
 * @param issuer its `pem` is a certificate
 */
export function authoritiesBelow(
  issuer: Pick<CertificateAuthorityRecord, 'id' | 'pem'>,
  all: readonly CertificateAuthorityRecord[],
): SerialStatus[] {
  const by = new X509Certificate(issuer.pem);
  return all.flatMap((row) => {
    const revoked =
      row.ended_at === null ? null : { at: row.ended_at, reason: 'cessationOfOperation' as const };
    return [
      ...(row.issuer_id === issuer.id ? [row.pem] : []),
      ...(row.cross_issuer_id === issuer.id && row.cross_pem !== null ? [row.cross_pem] : []),
      // Also those whose keys are elsewhere.
      ...row.former_pems,
    ].flatMap((below) => {
      const certificate = readCertificate(below);
      return certificate !== undefined && isIssuedBy(certificate, by)
        ? [{ serial: certificate.serialNumber.toLowerCase().padStart(32, '0'), revoked }]
        : [];
    });
  });
}

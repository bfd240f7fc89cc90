import { X509Certificate } from 'node:crypto';
import type { CertificateAuthorityRecord, SerialStatus } from '@viw/database';

/**
 * Every certificate that this authority has given to another one, and that it is revoked once that other one has ended: whoever
 * believes the issuer and reads its list, or asks, believes the ended one no more. Serial numbers of 32 hex digits, oldest first.
 */
export function authoritiesBelow(
  { id, pem }: Pick<CertificateAuthorityRecord, 'id' | 'pem'>,
  all: readonly CertificateAuthorityRecord[],
): SerialStatus[] {
  const issuer = new X509Certificate(pem);
  return all.flatMap((row) => {
    const revoked =
      row.ended_at === null ? null : { at: row.ended_at, reason: 'cessationOfOperation' as const };
    return [
      ...(row.issuer_id === id ? [row.pem] : []),
      ...(row.cross_issuer_id === id && row.cross_pem !== null ? [row.cross_pem] : []),
      // Also those whose keys are elsewhere.
      ...row.former_pems.filter((former) => new X509Certificate(former).checkIssued(issuer)),
    ].map((below) => ({ serial: serialOf(below), revoked }));
  });
}

const serialOf = (pem: string): string =>
  new X509Certificate(pem).serialNumber.toLowerCase().padStart(32, '0');

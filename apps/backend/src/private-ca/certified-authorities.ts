import { X509Certificate } from 'node:crypto';
import type { CertificateAuthorityRecord, SerialStatus } from '@viw/database';

/**
 * What an authority has certified of other authorities, whose keys may be elsewhere, and whether that still counts: an ended one is
 * revoked, since who trusts the root would take it otherwise from whoever holds its key.
 */
export function certifiedAuthorities(
  { id, pem }: Pick<CertificateAuthorityRecord, 'id' | 'pem'>,
  all: readonly CertificateAuthorityRecord[],
): SerialStatus[] {
  const issuer = new X509Certificate(pem);
  return all.flatMap((other) => {
    const certificates = [
      ...(other.issuer_id === id ? [other.pem] : []),
      ...(other.cross_issuer_id === id && other.cross_pem !== null ? [other.cross_pem] : []),
      ...other.former_pems.filter((former) => new X509Certificate(former).checkIssued(issuer)),
    ];
    const revoked =
      other.ended_at === null ? null : ({ at: other.ended_at, reason: 'cessationOfOperation' } as const);
    return certificates.map((certificate) => ({ serial: serialOf(certificate), revoked }));
  });
}

const serialOf = (pem: string): string =>
  new X509Certificate(pem).serialNumber.toLowerCase().padStart(32, '0');

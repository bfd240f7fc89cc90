import { X509Certificate } from 'node:crypto';
import type { CertificateAuthorityRecord } from '@viw/database';
import type { OpenAuthority } from './private-ca';

/**
 * Of what is stored, what a key of this installation vouches for: authorities whose sealed key has opened and fits their certificate,
 * and one whose key cert-workers hold when one of these roots has signed it. Whoever can write rows, and lacks the
 * key-encryption key, makes no trust anchors.
 */
export function vouchedAuthorities(
  stored: readonly CertificateAuthorityRecord[],
  open: readonly OpenAuthority[],
): CertificateAuthorityRecord[] {
  const opened = new Map(open.map(({ record }) => [record.id, record]));
  return stored.filter((row) =>
    row.purpose === 'web-services'
      ? isSignedByRoot(row.pem, open)
      : opened.get(row.id)?.pem === row.pem && opened.get(row.id)?.purpose === row.purpose,
  );
}

/** @param pem of an authority below a root. False also when it is none, or when the text holds more than the one certificate */
export function isSignedByRoot(pem: string, open: readonly OpenAuthority[]): boolean {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return false;
  }
  if (certificate.toString().trim() !== pem.trim()) return false;
  return open.some(({ record }) => {
    if (record.purpose !== 'root') return false;
    const root = new X509Certificate(record.pem);
    return certificate.checkIssued(root) && certificate.verify(root.publicKey);
  });
}

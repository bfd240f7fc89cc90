import { X509Certificate } from 'node:crypto';
import type { CertificateAuthorityRecord } from '@viw/database';
import { isIssuedBy, soleCertificate } from '@viw/pki';
import { isCertifiedFor } from './authority-names';
import type { OpenAuthority } from './private-ca';

/**
 * Of what is stored, what a key of this installation vouches for: authorities whose sealed key has opened and fits their certificate,
 * and one whose key cert-workers hold when one of these roots has certified it as that. Whoever can write rows, and lacks the
 * key-encryption key, makes no trust anchors.
 */
export function vouchedAuthorities(
  stored: readonly CertificateAuthorityRecord[],
  open: readonly OpenAuthority[],
): CertificateAuthorityRecord[] {
  const opened = new Map(open.map(({ record }) => [record.id, record]));
  return stored.filter((row) =>
    row.purpose === 'web-services'
      ? isWebAuthority(row.pem, open)
      : opened.get(row.id)?.pem === row.pem && opened.get(row.id)?.purpose === row.purpose,
  );
}

/** Of what is stored, what no key vouches for, and rows that hold a further certificate which is by none of the roots. */
export function unvouchedAuthorities(
  stored: readonly CertificateAuthorityRecord[],
  open: readonly OpenAuthority[],
): CertificateAuthorityRecord[] {
  const vouched = vouchedAuthorities(stored, open);
  const roots = rootsOf(open).map((pem) => new X509Certificate(pem));
  const isOwn = (text: string): boolean => {
    const certificate = soleCertificate(text);
    return certificate !== undefined && roots.some((root) => isIssuedBy(certificate, root));
  };
  return stored.filter(
    (row) =>
      !vouched.includes(row) ||
      ![...row.former_pems, ...(row.cross_pem === null ? [] : [row.cross_pem])].every(isOwn),
  );
}

/** False also when the text is no certificate, or more than the one. */
export const isWebAuthority = (pem: string, open: readonly OpenAuthority[]): boolean =>
  isCertifiedFor('web-services', pem, rootsOf(open));

const rootsOf = (open: readonly OpenAuthority[]): string[] =>
  open.flatMap(({ record }) => (record.purpose === 'root' ? record.pem : []));

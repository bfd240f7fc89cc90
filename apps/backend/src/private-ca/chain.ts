import type { CertificateAuthorityRecord } from '@viw/database';
import { isIssuedBy, pemLines, readCertificate, soleCertificate } from '@viw/pki';
import { isInUse, isTrusted } from './authority-phase';

/**
 * What is shown after a certificate of this authority: itself, and until the root before its root has ended, that one's word for
 * the present root, for who trusts the former only. PEM. What somebody else has written there is left out: servers could not show it.
 */
export function chainOf(
  authority: Pick<CertificateAuthorityRecord, 'pem' | 'issuer_id'>,
  all: readonly CertificateAuthorityRecord[],
): string[] {
  const byId = (id: string | null): CertificateAuthorityRecord | undefined =>
    all.find((each) => each.id === id);
  const root = byId(authority.issuer_id);
  const former = byId(root?.cross_issuer_id ?? null);
  const cross = former?.ended_at === null ? root?.cross_pem : null;
  return [authority.pem, ...(cross && isOneBy(former, cross) ? [cross] : [])];
}

function isOneBy(issuer: { readonly pem: string } | undefined, text: string): boolean {
  const [certificate, by] = [soleCertificate(text), readCertificate(issuer?.pem ?? '')];
  return certificate !== undefined && by !== undefined && isIssuedBy(certificate, by);
}

/**
 * Every authority of the purpose that certificates which count, or will count soon, are issued by, the present one first; then the
 * roots likewise. PEM.
 * @param now milliseconds
 */
export function trustBundle(
  purpose: CertificateAuthorityRecord['purpose'],
  all: readonly CertificateAuthorityRecord[],
  now: number,
): string[] {
  const trusted = all
    .filter((each) => isTrusted(each, now))
    .sort((a, b) => Number(isInUse(b)) - Number(isInUse(a)));
  const of = (wanted: typeof purpose) => trusted.filter((each) => each.purpose === wanted);
  return [...(purpose === 'root' ? [] : of(purpose)), ...of('root')].map(({ pem }) => pemLines(pem));
}

import { X509Certificate } from 'node:crypto';
import type { AuthorityPurpose } from '@viw/contracts';
import { isIssuedBy, soleCertificate } from '@viw/pki';

/** What the common name of an authority begins with; eight hex digits follow, unlike those of any other installation. */
export const authorityNames: Readonly<Record<AuthorityPurpose, string>> = {
  root: 'viw root',
  'gateway-agents': 'viw gateway agents',
  'web-services': 'viw web services',
  services: 'viw services',
  'database-services': 'viw database services',
};

/**
 * Whether this certificate itself, and not the row that it stands in, says that it is an authority for the purpose: by its
 * name, under the signature of one of these roots, or of its own key for a root.
 * @param pem of exactly one certificate; false for anything else
 * @param roots PEM, that keys of the installation vouch for
 */
export function isCertifiedFor(purpose: AuthorityPurpose, pem: string, roots: readonly string[]): boolean {
  const certificate = soleCertificate(pem);
  if (!certificate?.ca) return false;
  const [commonName] = /^CN=.*$/m.exec(certificate.subject) ?? [''];
  if (!new RegExp(`^CN=${authorityNames[purpose]} [0-9a-f]{8}$`).test(commonName)) return false;
  return (purpose === 'root' ? [pem] : roots).some((root) =>
    isIssuedBy(certificate, new X509Certificate(root)),
  );
}

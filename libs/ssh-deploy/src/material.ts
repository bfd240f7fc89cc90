import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { DeployMaterial } from './deploy-types';
import { deployRefused } from './errors';
import { normalizeFingerprint } from './served-certificate';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What is to be deployed must fit together before a server hears of it: the key is the leaf's, the fingerprint is the
 * leaf's, each further certificate has signed the one before it. A pair that does not fit would stop NGINX at its next start.
 *
 * @returns the leaf's SHA-256, lower-case hex
 * @throws AppError DEPLOY_REFUSED; never quotes the key
 */
export function checkedFingerprint({
  fullchainPem,
  privateKeyPem,
  fingerprintSha256,
}: DeployMaterial): string {
  const fingerprint = normalizeFingerprint(fingerprintSha256);
  if (!/^[0-9a-f]{64}$/.test(fingerprint)) throw deployRefused('the fingerprint is not a SHA-256 digest');
  const [leaf, ...issuers] = certificatesOf(fullchainPem).map(certificateOf);
  if (leaf === undefined) throw deployRefused('there is no certificate in PEM');
  if (normalizeFingerprint(leaf.fingerprint256) !== fingerprint)
    throw deployRefused('the first certificate does not have the fingerprint that is to be served');
  if (!isKeyOf(leaf, privateKeyPem)) throw deployRefused('the private key is not the one of the certificate');
  let subject = leaf;
  for (const issuer of issuers) {
    if (!subject.checkIssued(issuer) || !subject.verify(issuer.publicKey))
      throw deployRefused(`the chain is broken: ${nameOf(issuer)} has not issued ${nameOf(subject)}`);
    subject = issuer;
  }
  return fingerprint;
}

/** PEM blocks in their order. */
export const certificatesOf = (fullchainPem: string): string[] => fullchainPem.match(BLOCK) ?? [];

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw deployRefused('a certificate cannot be read');
  }
}

function isKeyOf(leaf: X509Certificate, privateKeyPem: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    throw deployRefused('the private key cannot be read');
  }
}

const nameOf = ({ subject, serialNumber }: X509Certificate): string =>
  JSON.stringify(subject === '' ? serialNumber : subject.replaceAll('\n', ', '));

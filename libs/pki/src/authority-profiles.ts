import type { webcrypto } from 'node:crypto';
import type { Authority } from './authority';
import { importAuthorityKey, newAuthorityKey } from './authority-key';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';
import { x509 } from './x509';

export const ROOT_DAYS = 3_652;
const INTERMEDIATE_DAYS = 1_826;

export interface NewAuthority extends IssuedCertificate {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

export interface NewAuthorityOptions {
  readonly commonName: string;
  readonly organization: string;
  /** Milliseconds. */
  readonly now: number;
}

/** Signs itself, for ten years; below it one level of authorities. */
export async function makeRoot(options: NewAuthorityOptions): Promise<NewAuthority> {
  const privateKey = newAuthorityKey();
  const keys = await importAuthorityKey(privateKey);
  const validity = validityOf(options.now, ROOT_DAYS);
  const content = await authorityContent(subjectOf(options), keys, validity, 1);
  return { privateKey, ...(await issue(content, { self: keys })) };
}

/** For five years, or as long as its root; it signs certificates of no authority. */
export async function makeIntermediate(options: NewAuthorityOptions, root: Authority): Promise<NewAuthority> {
  const privateKey = newAuthorityKey();
  const keys = await importAuthorityKey(privateKey);
  const validity = validityOf(options.now, INTERMEDIATE_DAYS, root.certificate);
  const content = await authorityContent(subjectOf(options), keys, validity, 0);
  return { privateKey, ...(await issue(content, root)) };
}

const subjectOf = ({ commonName, organization }: NewAuthorityOptions): x509.JsonName => [
  { O: [organization] },
  { CN: [commonName] },
];

export async function authorityContent(
  subject: x509.JsonName,
  { publicKey }: webcrypto.CryptoKeyPair,
  validity: ReturnType<typeof validityOf>,
  pathLength: number,
) {
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  return {
    subject,
    publicKey: await x509.PublicKey.create(publicKey),
    validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, pathLength, true),
      new x509.KeyUsagesExtension(usages, true),
    ],
  };
}

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** EC P-256 is the default everywhere: small, fast and accepted by every client of the last decade. */
export const KEY_TYPES = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

const generate = promisify(generateKeyPair);

/** A new private key as PKCS#8 PEM, unencrypted: the caller keeps it in the envelope store and nowhere else. */
export async function generatePrivateKeyPem(type: KeyType = 'ec-p256'): Promise<string> {
  const pair =
    type === 'ec-p256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : type === 'ec-p384'
        ? await generate('ec', { namedCurve: 'P-384' })
        : await generate('rsa', { modulusLength: Number(type.slice('rsa-'.length)) });
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

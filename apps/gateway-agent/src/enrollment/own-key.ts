import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ed25519PublicKey } from '@viw/contracts';
import type { Ed25519PublicKey } from '@viw/contracts';

/** A new Ed25519 private key, PKCS #8 in PEM. It is made on the host and never leaves it. */
export const makeKeyPem = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Undefined for whatever is no Ed25519 private key; the library's own errors may quote what they read. */
export function keyOfPem(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

export const publicJwkOf = (privateKey: KeyObject): Ed25519PublicKey =>
  ed25519PublicKey.parse(createPublicKey(privateKey).export({ format: 'jwk' }));

import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { AppError } from '@viw/runtime';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** How authorities sign. */
export const signatureAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A new private key of an authority: EC P-256, PKCS #8 in PEM. */
export const newAuthorityKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

/** @throws AppError INTERNAL_ERROR, without a word of what was given */
export async function importAuthorityKey(pem: string): Promise<webcrypto.CryptoKeyPair> {
  try {
    const key = createPrivateKey(pem);
    const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const { subtle } = webcrypto;
    return {
      privateKey: await subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    };
  } catch {
    throw new AppError('INTERNAL_ERROR', 'the key of a certificate authority is none');
  }
}

import type { webcrypto } from 'node:crypto';
import { AppError } from '@viw/runtime';
import { importAuthorityKey } from './authority-key';
import { x509 } from './x509';

/** A certificate with the key to sign by. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/**
 * @param certificate PEM
 * @param key PKCS #8, PEM
 * @throws AppError INTERNAL_ERROR when they do not belong together
 */
export async function openAuthority(certificate: string, key: string): Promise<Authority> {
  const keys = await importAuthorityKey(key);
  const parsed = new x509.X509Certificate(certificate);
  const own = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  const named = parsed.getExtension(x509.SubjectKeyIdentifierExtension);
  if (named?.keyId !== own.keyId)
    throw new AppError('INTERNAL_ERROR', 'the key of a certificate authority is not that of its certificate');
  return { certificate: parsed, keys };
}

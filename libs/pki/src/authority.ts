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
 * @param certificate PEM, of nothing else: whoever passes the text on passes on what was checked
 * @param key PKCS #8, PEM
 * @throws AppError INTERNAL_ERROR when they do not belong together
 */
export async function openAuthority(certificate: string, key: string): Promise<Authority> {
  const keys = await importAuthorityKey(key);
  const parsed = new x509.X509Certificate(certificate);
  // The key itself: what identifier a certificate bears is the word of who made it.
  const own = await x509.PublicKey.create(keys.publicKey);
  if (!Buffer.from(parsed.publicKey.rawData).equals(Buffer.from(own.rawData)))
    throw new AppError('INTERNAL_ERROR', 'the key of a certificate authority is not that of its certificate');
  if (parsed.toString('pem') !== certificate.trim())
    throw new AppError('INTERNAL_ERROR', 'there is more in the text of an authority than its certificate');
  return { certificate: parsed, keys };
}

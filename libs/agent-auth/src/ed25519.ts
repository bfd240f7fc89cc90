import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Ed25519PublicKey } from '@viw/contracts';

/** How `X-Agent-Auth` of this way begins. */
const SCHEME = 'ed25519 ';
/** 64 bytes in base64url (RFC 8032, RFC 4648 section 5). */
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

export const isEd25519Auth = (auth: string): boolean => auth.startsWith(SCHEME);

/** @param privateKey Ed25519 */
export const signEd25519 = (privateKey: KeyObject, text: string): string =>
  SCHEME + sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64url');

/** False as well for what is no signature and for a key that is none. Never throws. */
export function verifyEd25519({ kty, crv, x }: Ed25519PublicKey, text: string, auth: string): boolean {
  const signature = auth.slice(SCHEME.length);
  if (!isEd25519Auth(auth) || !SIGNATURE.test(signature)) return false;
  try {
    const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

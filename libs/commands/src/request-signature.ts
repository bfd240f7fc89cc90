import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Ed25519PublicKey } from '@viw/contracts';
import { canonicalJson } from './canonical-json';

/** What a signature is for; one for the one is none for the other, nor for a handshake. */
export type RequestPurpose = 'viw-enroll' | 'viw-renew';

const signedText = (purpose: RequestPurpose, request: object): Buffer =>
  Buffer.from(`${purpose}\n${canonicalJson(request)}`, 'utf8');

/**
 * base64url Ed25519 signature over the request's RFC 8785 form, by which a host shows that it holds a key it hands in.
 *
 * @param key private Ed25519 key
 */
export const signRequest = (key: KeyObject, purpose: RequestPurpose, request: object): string =>
  sign(null, signedText(purpose, request), key).toString('base64url');

/** False as well for a key that is none. Never throws. */
export function isSignedBy(
  { kty, crv, x }: Ed25519PublicKey,
  purpose: RequestPurpose,
  request: object,
  signature: string,
): boolean {
  try {
    const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
    return verify(null, signedText(purpose, request), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

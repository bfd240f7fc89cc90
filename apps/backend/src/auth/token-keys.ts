import { createHash, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { AppError } from '@viw/runtime';
import type { Kek } from '@viw/secrets';

export type TokenAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

export interface TokenKey {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly privateKey: KeyObject;
  /** As published: no private member. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const LEAST_RSA_BITS = 2_048;

/** What a key may sign with follows from the key alone: no token can choose. */
function algorithmOf(key: KeyObject): TokenAlgorithm | undefined {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  return key.asymmetricKeyType === 'rsa' && modulusLength >= LEAST_RSA_BITS ? 'RS256' : undefined;
}

function tokenKey(privateKey: KeyObject, givenKid?: string): TokenKey {
  const alg = algorithmOf(privateKey);
  if (alg === undefined)
    throw new AppError('CONFIG_INVALID', 'a token key is Ed25519, P-256, or RSA of 2048 bits or more');
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = givenKid ?? createHash('sha256').update(JSON.stringify(jwk)).digest('base64url').slice(0, 16);
  return { kid, alg, privateKey, publicJwk: { ...jwk, kid, alg, use: 'sig' } };
}

/** Follows from a key-encryption key, for installations that configure none. */
export const derivedTokenKey = ({ key }: Kek): TokenKey =>
  tokenKey(
    createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, Buffer.from(hkdfSync('sha256', key, '', 'viw api token', 32))]),
      format: 'der',
      type: 'pkcs8',
    }),
  );

export type TokenJwk = JsonWebKey & { readonly kid?: string | undefined };

/** @throws AppError CONFIG_INVALID for what is no such private key; never quotes it */
export function importedTokenKey(jwk: TokenJwk): TokenKey {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new AppError('CONFIG_INVALID', 'a token key is a private JWK');
  }
  return tokenKey(key, jwk.kid);
}

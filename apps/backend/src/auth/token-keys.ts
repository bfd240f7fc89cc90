import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { AppError } from '@viw/runtime';

export type TokenAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

export interface TokenKey {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly privateKey: KeyObject;
  /** As published: no private member. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

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

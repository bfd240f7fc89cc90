import { ed25519PublicKey, x25519PublicKey } from '@viw/contracts';
import type { Ed25519PublicKey, X25519PublicKey } from '@viw/contracts';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

const secretPart = z.string().min(40).max(64);
const kid = z.string().min(1).max(128);

/** Private Ed25519 JWK (RFC 8037) with the `kid` under which its public half is known. Never leaves its process. */
export const privateSigningKey = z.strictObject({ ...ed25519PublicKey.shape, kid, d: secretPart });
export type PrivateSigningKey = z.infer<typeof privateSigningKey>;

/** Private X25519 JWK (RFC 8037). Never leaves its process. */
export const privateSealingKey = z.strictObject({ ...x25519PublicKey.shape, d: secretPart });
export type PrivateSealingKey = z.infer<typeof privateSealingKey>;

/** Ed25519 public key that says which one it is. */
export const trustedKey = z.object({ ...ed25519PublicKey.shape, kid, d: z.never().optional() });
export type TrustedKey = Ed25519PublicKey & { kid: string };

/** JWKS (RFC 7517 section 5) of the keys whose signatures count. A private key in it is refused. */
export const trustedKeySet = z.object({
  keys: z
    .array(trustedKey.transform(({ kty, crv, x, kid: id }): TrustedKey => ({ kty, crv, x, kid: id })))
    .min(1),
});

/** Configuration value: the text of a JWKS, as its keys. */
export const zTrustedKeys = () =>
  z.string('a JWKS').transform((text, context) => {
    try {
      return trustedKeySet.parse(JSON.parse(text)).keys;
    } catch {
      context.addIssue({ code: 'custom', message: 'a JWKS of Ed25519 public keys, each with a kid' });
      return z.NEVER;
    }
  });

export interface SigningKeyPair {
  readonly privateKey: PrivateSigningKey;
  readonly publicKey: TrustedKey;
}

export interface SealingKeyPair {
  readonly privateKey: PrivateSealingKey;
  readonly publicKey: X25519PublicKey;
}

export const publicSigningKey = ({ kty, crv, x, kid: id }: PrivateSigningKey): TrustedKey => ({
  kty,
  crv,
  x,
  kid: id,
});

export const publicSealingKey = ({ kty, crv, x }: PrivateSealingKey): X25519PublicKey => ({ kty, crv, x });

/** A new Ed25519 key; `kid` is its RFC 7638 thumbprint (SHA-256). */
export async function generateSigningKey(): Promise<SigningKeyPair> {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const privateKey = privateSigningKey.parse({
    kty: jwk.kty,
    crv: jwk.crv,
    x: jwk.x,
    d: jwk.d,
    kid: await calculateJwkThumbprint(jwk),
  });
  return { privateKey, publicKey: publicSigningKey(privateKey) };
}

/** RFC 7638 thumbprint (SHA-256, base64url): the same for a key however it was written down. */
export const keyThumbprint = ({ kty, crv, x }: Ed25519PublicKey | X25519PublicKey): Promise<string> =>
  calculateJwkThumbprint({ kty, crv, x });

/** A new X25519 key. */
export async function generateSealingKey(): Promise<SealingKeyPair> {
  const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const privateKey = privateSealingKey.parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, d: jwk.d });
  return { privateKey, publicKey: publicSealingKey(privateKey) };
}

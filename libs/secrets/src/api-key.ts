import { createHash, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '@viw/runtime';
import { randomToken } from './random-token';

export interface GeneratedApiKey {
  /** Public half: names the row, stands in logs and in the audit. */
  readonly id: string;
  /** `viw_<id>_<secret>`: shown once, never stored. */
  readonly key: string;
  /** What is stored. */
  readonly hash: string;
}

const API_KEY = /^viw_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** A key with a 64-bit id and a 256-bit secret. */
export function generateApiKey(): GeneratedApiKey {
  const id = randomBytes(8).toString('hex');
  const secret = randomToken(32);
  return { id, key: `viw_${id}_${secret}`, hash: hashApiSecret(secret) };
}

/** Its two halves; undefined for anything that is not shaped like a key of ours. */
export function parseApiKey(key: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = API_KEY.exec(key) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret } : undefined;
}

/**
 * SHA-256 as 64 lower-case hexadecimal digits. A slow, salted hash is for passwords, whose space can be searched;
 * here 256 random bits cannot be, however fast the hash, and it runs on every request.
 */
export const hashApiSecret = (secret: string): string =>
  createHash('sha256').update(secret, 'utf8').digest('hex');

/** Constant time. For an unknown id pass any hash, e.g. `hashApiSecret('')`, so that it takes as long as a known one. */
export const verifyApiKey = (secret: string, hash: string): boolean =>
  constantTimeEqual(hashApiSecret(secret), hash);

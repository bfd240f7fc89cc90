import { randomBytes } from 'node:crypto';

/** Unguessable text: `bytes` random bytes (32 by default, 256 bits) as base64url. */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url');

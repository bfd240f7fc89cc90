import { createHash, createHmac } from 'node:crypto';
import { randomToken } from '@viw/secrets';

/** 256 random bits; only the browser has it. */
export const newSessionToken = (): string => randomToken(32);

/** What is stored of a token. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * The session's CSRF token follows from its cookie's token, so nothing that would let anybody in is stored for it;
 * it does not lead back to the cookie.
 */
export const csrfTokenOf = (token: string): string =>
  createHmac('sha256', token).update('viw-csrf').digest('base64url');

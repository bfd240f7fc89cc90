import { createHmac } from 'node:crypto';
import { parse, serialize } from 'cookie';
import type { CookieOptions } from '../session-cookie';

/** How long a person may take at the provider. Seconds. */
export const SIGN_IN_LIFE_S = 600;

/** As of the session's cookie: a neighbour in the domain that could plant one would sign a person in as somebody else. */
const cookieName = ({ secure }: CookieOptions): string =>
  secure ? '__Host-viw_oidc_sign_in' : 'viw_oidc_sign_in';
/** Begins a sign-in. */
export const OIDC_PATH = '/admin/api/sign-in/oidc';
/** Where the provider leads browsers back to; registered there as the redirect URI. */
export const OIDC_CALLBACK_PATH = `${OIDC_PATH}/callback`;

/** What is sent to the provider; without the browser's token nobody can tell it. */
export interface BoundValues {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636: 43 characters. */
  readonly codeVerifier: string;
}

const derived = (token: string, what: string): string =>
  createHmac('sha256', token).update(`viw-oidc-${what}`).digest('base64url');

/**
 * All that must be unguessable in one sign-in follows from the token that only the browser has: an answer of the provider is
 * taken from no other browser, and the database holds nothing that would complete a sign-in.
 */
export const boundValues = (token: string): BoundValues => ({
  state: derived(token, 'state'),
  nonce: derived(token, 'nonce'),
  codeVerifier: derived(token, 'verifier'),
});

/** @returns the token, if the request carries one of plausible shape */
export function readBrowserToken(header: string | undefined, options: CookieOptions): string | undefined {
  const token = header === undefined ? undefined : parse(header)[cookieName(options)];
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
}

/** `Set-Cookie`. Lax: the provider's page leads the browser back here, which a strict cookie would not survive. */
export const browserTokenCookie = (token: string, options: CookieOptions): string =>
  serialize(cookieName(options), token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: options.secure,
    path: '/',
    maxAge: token === '' ? 0 : SIGN_IN_LIFE_S,
  });

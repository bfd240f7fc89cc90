import { parse, serialize } from 'cookie';

export interface CookieOptions {
  /** Sent by browsers over HTTPS only. */
  readonly secure: boolean;
}

/** By the prefix browsers take the cookie from this very host over HTTPS only: no neighbour in the domain can plant one (RFC 6265bis). */
export const sessionCookieName = ({ secure }: CookieOptions): string =>
  secure ? '__Host-viw_session' : 'viw_session';

/** @returns the session's token, if the request carries one of plausible shape */
export function readSessionCookie(header: string | undefined, options: CookieOptions): string | undefined {
  const token = header === undefined ? undefined : parse(header)[sessionCookieName(options)];
  return token !== undefined && /^[A-Za-z0-9_-]{20,128}$/.test(token) ? token : undefined;
}

/** `Set-Cookie`: no script can read it, no other site can make a browser send it. */
export const sessionCookie = (token: string, maxAgeS: number, options: CookieOptions): string =>
  serialize(sessionCookieName(options), token, {
    httpOnly: true,
    sameSite: 'strict',
    secure: options.secure,
    path: '/',
    maxAge: maxAgeS,
  });

export const endedSessionCookie = (options: CookieOptions): string => sessionCookie('', 0, options);

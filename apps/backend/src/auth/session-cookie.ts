import { parse, serialize } from 'cookie';

export const sessionCookieName = 'viw_session';

export interface CookieOptions {
  /** Sent by browsers over HTTPS only. */
  readonly secure: boolean;
}

/** @returns the session's token, if the request carries one of plausible shape */
export function readSessionCookie(header: string | undefined): string | undefined {
  const token = header === undefined ? undefined : parse(header)[sessionCookieName];
  return token !== undefined && /^[A-Za-z0-9_-]{20,128}$/.test(token) ? token : undefined;
}

/** `Set-Cookie`: no script can read it, no other site can make a browser send it. */
export const sessionCookie = (token: string, maxAgeS: number, { secure }: CookieOptions): string =>
  serialize(sessionCookieName, token, {
    httpOnly: true,
    sameSite: 'strict',
    secure,
    path: '/',
    maxAge: maxAgeS,
  });

export const endedSessionCookie = (options: CookieOptions): string => sessionCookie('', 0, options);

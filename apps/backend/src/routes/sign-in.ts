import { oidcBegin, oidcBegun, oidcCallback, signInWays } from '@viw/contracts';
import {
  OIDC_CALLBACK_PATH,
  OIDC_PATH,
  browserTokenCookie,
  readBrowserToken,
} from '../auth/oidc/browser-token';
import type { CookieOptions } from '../auth/session-cookie';
import { sessionCookie } from '../auth/session-cookie';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { OidcSignInService } from '../services/oidc-sign-in-service';

/** Sign-in by an identity provider. */
export const signInRoutes = (oidc: OidcSignInService, cookies: CookieOptions): Route[] => [
  defineRoute({
    method: 'GET',
    path: '/admin/api/sign-in',
    access: 'public',
    summary: 'In which ways people may sign in',
    status: 200,
    response: signInWays,
    handler: () => ({ body: oidc.ways() }),
  }),
  defineRoute({
    method: 'POST',
    path: OIDC_PATH,
    access: 'public',
    summary: 'Begins a sign-in at the identity provider; the browser goes to the address in the answer',
    body: oidcBegin,
    status: 200,
    response: oidcBegun,
    handler: async ({ body }) => {
      const { url, token } = await oidc.begin(body.return_to);
      return { body: { url }, headers: { 'Set-Cookie': browserTokenCookie(token, cookies) } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: OIDC_CALLBACK_PATH,
    access: 'public',
    summary: 'Where the identity provider leads the browser back to',
    query: oidcCallback,
    status: 303,
    handler: async ({ query, request }) => {
      const token = readBrowserToken(request.headers.cookie, cookies);
      const { location, session, over } = await oidc.complete(token, query, request);
      return {
        headers: {
          Location: location,
          'Set-Cookie': [
            ...(over ? [browserTokenCookie('', cookies)] : []),
            ...(session === undefined ? [] : [sessionCookie(session.token, session.maxAgeS, cookies)]),
          ],
        },
      };
    },
  }),
];

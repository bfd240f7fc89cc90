import { me, setupRequest, signInRequest } from '@viw/contracts';
import type { CookieOptions } from '../auth/session-cookie';
import { endedSessionCookie, sessionCookie } from '../auth/session-cookie';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import { describeCaller } from '../services/sign-in-service';
import type { SignInService } from '../services/sign-in-service';

export const sessionRoutes = (signIn: SignInService, cookies: CookieOptions): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/api/setup',
    access: 'public',
    summary: 'Makes the first administrator; works once',
    body: setupRequest,
    status: 204,
    handler: async ({ body, request }) => {
      await signIn.setup(body, request);
      return {};
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/session',
    access: 'public',
    summary: 'Signs in; the session is in the cookie',
    body: signInRequest,
    status: 200,
    response: me,
    handler: async ({ body, request }) => {
      const { token, maxAgeS, me: answer } = await signIn.signIn(body, request);
      return { body: answer, headers: { 'Set-Cookie': sessionCookie(token, maxAgeS, cookies) } };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/admin/api/session',
    access: 'authenticated',
    summary: 'Signs out',
    status: 204,
    handler: async ({ caller, request }) => {
      await signIn.signOut(caller, request);
      return { headers: { 'Set-Cookie': endedSessionCookie(cookies) } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/me',
    access: 'authenticated',
    summary: 'Who calls, and what it may',
    status: 200,
    response: me,
    handler: ({ caller }) => ({ body: describeCaller(caller) }),
  }),
];

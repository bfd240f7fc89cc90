import {
  apiClient,
  apiKeyCreated,
  me,
  type apiClientCreate,
  type apiKeyCreate,
  type setupRequest,
  type signInRequest,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

export const sessionRoutes = (http: Transport) => ({
  signIn: async (body: z.input<typeof signInRequest>, options?: CallOptions) => {
    const answer = await http.call(me, { method: 'POST', path: '/admin/api/session', body, options });
    http.rememberCsrfToken(answer.csrf_token);
    return answer;
  },
  signOut: async (options?: CallOptions) => {
    await http.send({ method: 'DELETE', path: '/admin/api/session', options });
    http.rememberCsrfToken(undefined);
  },
  me: async (options?: CallOptions) => {
    const answer = await http.call(me, { method: 'GET', path: '/admin/api/me', options });
    http.rememberCsrfToken(answer.csrf_token);
    return answer;
  },
});

/** Makes the first administrator; works once. Sign in afterwards. */
export const setupRoute =
  (http: Transport) =>
  (body: z.input<typeof setupRequest>, options?: CallOptions): Promise<void> =>
    http.send({ method: 'POST', path: '/admin/api/setup', body, options });

export const apiClientRoutes = (http: Transport) => ({
  create: (body: z.input<typeof apiClientCreate>, options?: WriteOptions) =>
    http.call(apiClient, { method: 'POST', path: '/admin/api/api-clients', body, options }),
  /** The only answer that ever shows the key. */
  createKey: (id: string, body: z.input<typeof apiKeyCreate> = {}, options?: WriteOptions) =>
    http.call(apiKeyCreated, {
      method: 'POST',
      path: `/admin/api/api-clients/${encodeURIComponent(id)}/keys`,
      body,
      options,
    }),
});

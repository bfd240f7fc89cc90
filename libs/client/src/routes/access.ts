import {
  administrator,
  administratorPage,
  apiClient,
  apiClientCertificate,
  apiClientCertificateList,
  apiKeyCreated,
  apiKeyList,
  me,
  oidcBegun,
  page,
  secondFactorCreated,
  signInWays,
  tokenCreated,
  type administratorCreate,
  type administratorPatch,
  type apiClientCreate,
  type apiClientPatch,
  type apiKeyCreate,
  type apiKeyRotate,
  type oidcBegin,
  type passwordChange,
  type setupRequest,
  type signInRequest,
  type tokenCreate,
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

/** In which ways people may sign in, and the one that is no password. */
export const signInRoutes = (http: Transport) => ({
  ways: (options?: CallOptions) =>
    http.call(signInWays, { method: 'GET', path: '/admin/api/sign-in', options }),
  /** The browser goes to `url` then, and comes back signed in. */
  beginOidc: (body: z.input<typeof oidcBegin> = {}, options?: CallOptions) =>
    http.call(oidcBegun, { method: 'POST', path: '/admin/api/sign-in/oidc', body, options }),
});

/** Makes the first administrator; works once. Sign in afterwards. */
export const setupRoute =
  (http: Transport) =>
  (body: z.input<typeof setupRequest>, options?: CallOptions): Promise<void> =>
    http.send({ method: 'POST', path: '/admin/api/setup', body, options });

/** One's own account; for people. */
export const ownAccountRoutes = (http: Transport) => ({
  changePassword: (body: z.input<typeof passwordChange>, options?: WriteOptions) =>
    http.send({ method: 'POST', path: '/admin/api/me/password', body, options }),
  /** The only answer that ever shows the secret. */
  proposeSecondFactor: (options?: WriteOptions) =>
    http.call(secondFactorCreated, { method: 'POST', path: '/admin/api/me/second-factor', options }),
  confirmSecondFactor: (code: string, options?: WriteOptions) =>
    http.send({ method: 'POST', path: '/admin/api/me/second-factor/confirm', body: { code }, options }),
  removeSecondFactor: (code: string, options?: WriteOptions) =>
    http.send({ method: 'POST', path: '/admin/api/me/second-factor/remove', body: { code }, options }),
});

const administratorPath = (id: string): string => `/admin/api/administrators/${encodeURIComponent(id)}`;

export const administratorRoutes = (http: Transport) => ({
  list: (query: { limit?: number; cursor?: string } = {}, options?: CallOptions) =>
    http.call(administratorPage, { method: 'GET', path: '/admin/api/administrators', query, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(administrator, { method: 'GET', path: administratorPath(id), options }),
  create: (body: z.input<typeof administratorCreate>, options?: WriteOptions) =>
    http.call(administrator, { method: 'POST', path: '/admin/api/administrators', body, options }),
  update: (id: string, body: z.input<typeof administratorPatch>, options?: WriteOptions) =>
    http.call(administrator, { method: 'PATCH', path: administratorPath(id), body, options }),
  delete: (id: string, options?: WriteOptions) =>
    http.send({ method: 'DELETE', path: administratorPath(id), options }),
});

const clientPath = (id: string): string => `/admin/api/api-clients/${encodeURIComponent(id)}`;
const keyPath = (id: string, keyId: string): string => `${clientPath(id)}/keys/${encodeURIComponent(keyId)}`;

export const apiClientRoutes = (http: Transport) => ({
  list: (query: { limit?: number; cursor?: string } = {}, options?: CallOptions) =>
    http.call(page(apiClient), { method: 'GET', path: '/admin/api/api-clients', query, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(apiClient, { method: 'GET', path: clientPath(id), options }),
  create: (body: z.input<typeof apiClientCreate>, options?: WriteOptions) =>
    http.call(apiClient, { method: 'POST', path: '/admin/api/api-clients', body, options }),
  update: (id: string, body: z.input<typeof apiClientPatch>, options?: WriteOptions) =>
    http.call(apiClient, { method: 'PATCH', path: clientPath(id), body, options }),
  delete: (id: string, options?: WriteOptions) =>
    http.send({ method: 'DELETE', path: clientPath(id), options }),
  keys: (id: string, options?: CallOptions) =>
    http.call(apiKeyList, { method: 'GET', path: `${clientPath(id)}/keys`, options }),
  /** The only answer that ever shows the key. */
  createKey: (id: string, body: z.input<typeof apiKeyCreate> = {}, options?: WriteOptions) =>
    http.call(apiKeyCreated, { method: 'POST', path: `${clientPath(id)}/keys`, body, options }),
  /** The only answer that ever shows the next key; the former one works on for the overlap. */
  rotateKey: (id: string, keyId: string, body: z.input<typeof apiKeyRotate> = {}, options?: WriteOptions) =>
    http.call(apiKeyCreated, { method: 'POST', path: `${keyPath(id, keyId)}/rotate`, body, options }),
  revokeKey: (id: string, keyId: string, options?: WriteOptions) =>
    http.send({ method: 'DELETE', path: keyPath(id, keyId), options }),
  certificates: (id: string, options?: CallOptions) =>
    http.call(apiClientCertificateList, { method: 'GET', path: `${clientPath(id)}/certificates`, options }),
  addCertificate: (id: string, sha256: string, options?: WriteOptions) =>
    http.call(apiClientCertificate, {
      method: 'POST',
      path: `${clientPath(id)}/certificates`,
      body: { certificate_sha256: sha256 },
      options,
    }),
  removeCertificate: (id: string, sha256: string, options?: WriteOptions) =>
    http.send({
      method: 'DELETE',
      path: `${clientPath(id)}/certificates/${encodeURIComponent(sha256)}`,
      options,
    }),
  /** The only answer that ever shows the token; it goes where an API key would. */
  createToken: (id: string, body: z.input<typeof tokenCreate> = {}, options?: WriteOptions) =>
    http.call(tokenCreated, { method: 'POST', path: `${clientPath(id)}/tokens`, body, options }),
  revokeToken: (jti: string, options?: WriteOptions) =>
    http.send({ method: 'POST', path: '/admin/api/tokens/revoke', body: { jti }, options }),
});

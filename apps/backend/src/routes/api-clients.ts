import {
  apiClient,
  apiClientCertificate,
  apiClientCertificateAdd,
  apiClientCertificateList,
  apiClientCreate,
  apiClientPatch,
  apiKeyCreate,
  apiKeyCreated,
  apiKeyList,
  apiKeyRotate,
  jwks,
  page,
  tokenCreate,
  tokenCreated,
  tokenRevoke,
} from '@viw/contracts';
import { z } from 'zod';
import type { AccessTokens } from '../auth/access-tokens';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { ApiClientService } from '../services/api-client-service';
import { idParams, listOptions, pageQuery } from './schemas';

const root = '/admin/api/api-clients';
const keyParams = idParams.extend({ key_id: z.string().max(64) });

export const apiClientRoutes = (clients: ApiClientService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'access:read',
    summary: 'API clients, newest first',
    query: pageQuery,
    status: 200,
    response: page(apiClient),
    handler: async ({ query }) => ({ body: await clients.list(listOptions(query)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'access:write',
    summary: 'Makes an API client; it can do nothing before it has a key',
    body: apiClientCreate,
    status: 201,
    response: apiClient,
    handler: async (input) => ({ body: await clients.create(input, input.body) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'access:read',
    summary: 'One API client',
    params: idParams,
    status: 200,
    response: apiClient,
    handler: async ({ params }) => ({ body: await clients.get(params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'access:write',
    summary: 'Changes name, role or scope, or disables it; what is not given stays',
    params: idParams,
    body: apiClientPatch,
    status: 200,
    response: apiClient,
    handler: async (input) => ({ body: await clients.update(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'access:write',
    summary: 'Deletes it with its keys; its tokens open nothing either',
    params: idParams,
    status: 204,
    handler: async (input) => {
      await clients.delete(input, input.params.id);
      return {};
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/keys`,
    access: 'access:read',
    summary: 'Its keys without their secrets, newest first',
    params: idParams,
    status: 200,
    response: apiKeyList,
    handler: async ({ params }) => ({ body: await clients.keys(params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/keys`,
    access: 'access:write',
    summary: 'Makes a key; this answer is the only one that shows it',
    params: idParams,
    body: apiKeyCreate,
    status: 201,
    response: apiKeyCreated,
    handler: async (input) => ({ body: await clients.createKey(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/keys/:key_id/rotate`,
    access: 'access:write',
    summary: 'Makes the next key; the former one works on for the overlap',
    params: keyParams,
    body: apiKeyRotate,
    status: 201,
    response: apiKeyCreated,
    handler: async (input) => ({ body: await clients.rotateKey(input, input.params, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id/keys/:key_id`,
    access: 'access:write',
    summary: 'Revokes a key; it opens nothing any more within a second',
    params: keyParams,
    status: 204,
    handler: async (input) => {
      await clients.revokeKey(input, input.params);
      return {};
    },
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/tokens`,
    access: 'access:write',
    summary: 'Makes a short-lived token (JWT); this answer is the only one that shows it',
    params: idParams,
    body: tokenCreate,
    status: 201,
    response: tokenCreated,
    handler: async (input) => ({ body: await clients.createToken(input, input.params.id, input.body.ttl_s) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/tokens/revoke',
    access: 'access:write',
    summary: 'Revokes a token by its jti; it opens nothing any more within a second',
    body: tokenRevoke,
    status: 204,
    handler: async (input) => {
      await clients.revokeToken(input, input.body.jti);
      return {};
    },
  }),
];

/** Which client certificates let their holder in as this client. */
export const clientCertificateRoutes = (clients: ApiClientService): Route[] => [
  defineRoute({
    method: 'GET',
    path: `${root}/:id/certificates`,
    access: 'access:read',
    summary: 'Client certificates by which it is known, newest first',
    params: idParams,
    status: 200,
    response: apiClientCertificateList,
    handler: async ({ params }) => ({ body: await clients.certificates(params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/certificates`,
    access: 'access:write',
    summary: 'Knows it by a client certificate, where the listener asks for one',
    params: idParams,
    body: apiClientCertificateAdd,
    status: 201,
    response: apiClientCertificate,
    handler: async (input) => ({
      body: await clients.addCertificate(input, input.params.id, input.body.certificate_sha256),
    }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id/certificates/:sha256`,
    access: 'access:write',
    summary: 'Knows it by that certificate no longer',
    params: idParams.extend({ sha256: z.string().max(128) }),
    status: 204,
    handler: async (input) => {
      await clients.removeCertificate(input, input.params);
      return {};
    },
  }),
];

export const jwksRoute = ({ tokens }: { readonly tokens: Pick<AccessTokens, 'jwks'> }): Route =>
  defineRoute({
    method: 'GET',
    path: '/.well-known/jwks.json',
    access: 'public',
    summary: 'The keys that API tokens are verified with',
    status: 200,
    response: jwks,
    handler: async () => ({ body: await tokens.jwks() }),
  });

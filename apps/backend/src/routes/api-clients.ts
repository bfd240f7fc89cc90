import { apiClient, apiClientCreate, apiKeyCreate, apiKeyCreated, page } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { ApiClientService } from '../services/api-client-service';
import { idParams, listOptions, pageQuery } from './schemas';

const root = '/admin/api/api-clients';

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
];

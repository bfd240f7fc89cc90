import { dnsProvider, dnsProviderCreate, dnsProviderPage, dnsProviderPatch } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { DnsProviderService } from '../services/dns-provider-service';
import { idParams, listOptions, pageQuery } from './schemas';

const root = '/api/v1/dns-providers';

export const dnsProviderRoutes = (providers: DnsProviderService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'system:read',
    summary: 'Who can change which zones for DNS-01, newest first; never with a secret',
    query: pageQuery,
    status: 200,
    response: dnsProviderPage,
    handler: async ({ query }) => ({ body: await providers.list(listOptions(query)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'system:write',
    summary: 'Registers a DNS provider; its secret is sealed and never comes out again',
    body: dnsProviderCreate,
    status: 201,
    response: dnsProvider,
    handler: async (input) => {
      const made = await providers.create(input, input.body);
      return { body: made, headers: { Location: `${root}/${made.id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'system:read',
    summary: 'One DNS provider, without its secret',
    params: idParams,
    status: 200,
    response: dnsProvider,
    handler: async ({ params }) => ({ body: await providers.get(params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Changes name and zones, or settings and secret together',
    params: idParams,
    body: dnsProviderPatch,
    status: 200,
    response: dnsProvider,
    handler: async (input) => ({ body: await providers.update(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Forgets a DNS provider and its secret, unless a certificate names it',
    params: idParams,
    status: 204,
    handler: async (input) => {
      await providers.delete(input, input.params.id);
      return {};
    },
  }),
];

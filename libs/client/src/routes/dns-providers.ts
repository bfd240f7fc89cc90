import { dnsProvider, dnsProviderPage, type DnsProviderCreate, type DnsProviderPatch } from '@viw/contracts';
import type { CallOptions, Transport, WriteOptions } from '../transport';
import type { PageQuery } from './servers';

const root = '/api/v1/dns-providers';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export const dnsProviderRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(dnsProviderPage, { method: 'GET', path: root, query: { ...query }, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(dnsProvider, { method: 'GET', path: one(id), options }),
  /** The secret goes in and never comes out. */
  create: (body: DnsProviderCreate, options?: WriteOptions) =>
    http.call(dnsProvider, { method: 'POST', path: root, body, options }),
  update: (id: string, body: DnsProviderPatch, options?: WriteOptions) =>
    http.call(dnsProvider, { method: 'PATCH', path: one(id), body, options }),
  delete: (id: string, options?: WriteOptions) => http.send({ method: 'DELETE', path: one(id), options }),
});

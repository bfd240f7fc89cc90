import { acmeAccount, acmeAccountPage, type AcmeAccountCreate, type AcmeAccountPatch } from '@viw/contracts';
import type { CallOptions, Transport, WriteOptions } from '../transport';
import type { PageQuery } from './servers';

const root = '/api/v1/acme-accounts';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export const acmeAccountRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(acmeAccountPage, { method: 'GET', path: root, query: { ...query }, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(acmeAccount, { method: 'GET', path: one(id), options }),
  /** Its state says when a cert-worker has registered it. */
  create: (body: AcmeAccountCreate, options?: WriteOptions) =>
    http.call(acmeAccount, { method: 'POST', path: root, body, options }),
  change: (id: string, body: AcmeAccountPatch, options?: WriteOptions) =>
    http.call(acmeAccount, { method: 'PATCH', path: one(id), body, options }),
  /** For good; refused while certificates are issued by it. */
  remove: (id: string, options?: WriteOptions) =>
    http.call(acmeAccount, { method: 'DELETE', path: one(id), options }),
});

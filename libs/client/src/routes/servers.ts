import {
  server,
  serverPage,
  serverProbe,
  serverSudoers,
  sshCredential,
  sshCredentialPage,
  virtualHost,
  virtualHostPage,
  type hostKeyConfirm,
  type serverCreate,
  type sshCredentialCreate,
  type virtualHostCreate,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

const root = '/api/v1/servers';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export const serverRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(serverPage, { method: 'GET', path: root, query: { ...query }, options }),
  get: (id: string, options?: CallOptions) => http.call(server, { method: 'GET', path: one(id), options }),
  create: (body: z.input<typeof serverCreate>, options?: WriteOptions) =>
    http.call(server, { method: 'POST', path: root, body, options }),
  /** Pins the host key; until then nothing is deployed to the server. */
  confirmHostKey: (id: string, body: z.input<typeof hostKeyConfirm>, options?: WriteOptions) =>
    http.call(server, { method: 'POST', path: `${one(id)}/host-key`, body, options }),
  /** Has the server looked at; what is found is at `newestProbe`. */
  probe: (id: string, options?: WriteOptions) =>
    http.call(serverProbe, { method: 'POST', path: `${one(id)}/probe`, body: {}, options }),
  newestProbe: (id: string, options?: CallOptions) =>
    http.call(serverProbe, { method: 'GET', path: `${one(id)}/probe`, options }),
  /** How root allows the deployment by sudo there. */
  sudoers: (id: string, options?: CallOptions) =>
    http.call(serverSudoers, { method: 'GET', path: `${one(id)}/sudoers`, options }),
  virtualHosts: (id: string, query: PageQuery = {}, options?: CallOptions) =>
    http.call(virtualHostPage, {
      method: 'GET',
      path: `${one(id)}/virtual-hosts`,
      query: { ...query },
      options,
    }),
  createVirtualHost: (id: string, body: z.input<typeof virtualHostCreate>, options?: WriteOptions) =>
    http.call(virtualHost, { method: 'POST', path: `${one(id)}/virtual-hosts`, body, options }),
});

export const sshCredentialRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(sshCredentialPage, {
      method: 'GET',
      path: '/api/v1/ssh-credentials',
      query: { ...query },
      options,
    }),
  /** The private key goes in and never comes out. */
  create: (body: z.input<typeof sshCredentialCreate>, options?: WriteOptions) =>
    http.call(sshCredential, { method: 'POST', path: '/api/v1/ssh-credentials', body, options }),
});

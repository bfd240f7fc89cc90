import {
  removed,
  server,
  serverPage,
  serverProbe,
  serverSudoers,
  snippetJob,
  sshCredential,
  sshCredentialPage,
  virtualHost,
  virtualHostPage,
  type hostKeyConfirm,
  type serverCreate,
  type serverPatch,
  type snippetApply,
  type sshCredentialCreate,
  type virtualHostCreate,
  type virtualHostPatch,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

const root = '/api/v1/servers';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;
const host = (id: string, virtualHostId: string): string =>
  `${one(id)}/virtual-hosts/${encodeURIComponent(virtualHostId)}`;
const credential = (id: string): string => `/api/v1/ssh-credentials/${encodeURIComponent(id)}`;

export const serverRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(serverPage, { method: 'GET', path: root, query: { ...query }, options }),
  get: (id: string, options?: CallOptions) => http.call(server, { method: 'GET', path: one(id), options }),
  create: (body: z.input<typeof serverCreate>, options?: WriteOptions) =>
    http.call(server, { method: 'POST', path: root, body, options }),
  update: (id: string, body: z.input<typeof serverPatch>, options?: WriteOptions) =>
    http.call(server, { method: 'PATCH', path: one(id), body, options }),
  /** With its virtual hosts; `force`: also while certificates are deployed to it. Says what stays there. */
  delete: (id: string, { force = false }: { force?: boolean } = {}, options?: WriteOptions) =>
    http.call(removed, {
      method: 'DELETE',
      path: one(id),
      query: force ? { force: 'true' } : {},
      options,
    }),
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
  virtualHost: (id: string, virtualHostId: string, options?: CallOptions) =>
    http.call(virtualHost, { method: 'GET', path: host(id, virtualHostId), options }),
  updateVirtualHost: (
    id: string,
    virtualHostId: string,
    body: z.input<typeof virtualHostPatch>,
    options?: WriteOptions,
  ) => http.call(virtualHost, { method: 'PATCH', path: host(id, virtualHostId), body, options }),
  /** Says what stays on the server. */
  deleteVirtualHost: (id: string, virtualHostId: string, options?: WriteOptions) =>
    http.call(removed, { method: 'DELETE', path: host(id, virtualHostId), options }),
  /** Has its snippet held against what is on the server; what is found is at `newestSnippetJob`. */
  previewSnippet: (id: string, virtualHostId: string, options?: WriteOptions) =>
    http.call(snippetJob, { method: 'POST', path: `${host(id, virtualHostId)}/preview`, body: {}, options }),
  /** Has its snippet written, tested and loaded, or put back. */
  applySnippet: (
    id: string,
    virtualHostId: string,
    body: z.input<typeof snippetApply> = {},
    options?: WriteOptions,
  ) => http.call(snippetJob, { method: 'POST', path: `${host(id, virtualHostId)}/apply`, body, options }),
  newestSnippetJob: (id: string, virtualHostId: string, options?: CallOptions) =>
    http.call(snippetJob, { method: 'GET', path: `${host(id, virtualHostId)}/preview`, options }),
});

export const sshCredentialRoutes = (http: Transport) => ({
  list: (query: PageQuery = {}, options?: CallOptions) =>
    http.call(sshCredentialPage, {
      method: 'GET',
      path: '/api/v1/ssh-credentials',
      query: { ...query },
      options,
    }),
  get: (id: string, options?: CallOptions) =>
    http.call(sshCredential, { method: 'GET', path: credential(id), options }),
  /** Refused while a server signs in with it. */
  delete: (id: string, options?: WriteOptions) =>
    http.send({ method: 'DELETE', path: credential(id), options }),
  /** The private key goes in and never comes out. */
  create: (body: z.input<typeof sshCredentialCreate>, options?: WriteOptions) =>
    http.call(sshCredential, { method: 'POST', path: '/api/v1/ssh-credentials', body, options }),
});

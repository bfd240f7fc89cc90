import {
  hostKeyConfirm,
  removed,
  server,
  serverCreate,
  serverDeleteQuery,
  serverPage,
  serverPatch,
  serverProbe,
  serverSudoers,
  sshCredential,
  sshCredentialCreate,
  sshCredentialPage,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { ServerService } from '../services/server-service';
import { idParams, noBody, pageQuery, scopedListOptions } from './schemas';

const root = '/api/v1/servers';

export const serverRoutes = (servers: ServerService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'servers:read',
    summary: 'Managed NGINX servers, newest first',
    query: pageQuery,
    status: 200,
    response: serverPage,
    handler: async (input) => ({ body: await servers.list(scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'servers:write',
    summary: 'Registers a server; nothing is deployed before its host key is pinned',
    body: serverCreate,
    status: 201,
    response: server,
    handler: async (input) => {
      const made = await servers.create(input, input.body);
      return { body: made, headers: { Location: `${root}/${made.id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'servers:read',
    summary: 'One server',
    params: idParams,
    status: 200,
    response: server,
    handler: async ({ params }) => ({ body: await servers.get(params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'servers:write',
    summary: 'Changes how a server is reached, or with whose rights files get there; what is not named stays',
    params: idParams,
    body: serverPatch,
    status: 200,
    response: server,
    handler: async (input) => ({ body: await servers.change(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'servers:write',
    summary: 'Forgets a server with its virtual hosts; while certificates are deployed to it only by force',
    params: idParams,
    query: serverDeleteQuery,
    status: 200,
    response: removed,
    handler: async (input) => ({
      body: await servers.remove(input, input.params.id, input.query.force === 'true'),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/host-key`,
    access: 'servers:write',
    summary: 'Pins the host key that a person has confirmed',
    params: idParams,
    body: hostKeyConfirm,
    status: 200,
    response: server,
    handler: async (input) => ({
      body: await servers.pinHostKey(input, input.params.id, input.body.fingerprint),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/probe`,
    access: 'servers:write',
    summary: 'Has the server looked at: its host key and, once that is confirmed, its NGINX',
    params: idParams,
    body: noBody,
    status: 202,
    response: serverProbe,
    handler: async (input) => ({
      body: await servers.probe(input, input.params.id),
      headers: { Location: `${root}/${input.params.id}/probe` },
    }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/probe`,
    access: 'servers:read',
    summary: 'The newest look at the server',
    params: idParams,
    status: 200,
    response: serverProbe,
    handler: async ({ params }) => ({ body: await servers.newestProbe(params.id) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/sudoers`,
    access: 'servers:read',
    summary: 'How root allows the deployment of certificates by sudo there',
    params: idParams,
    status: 200,
    response: serverSudoers,
    handler: async ({ params }) => ({ body: await servers.sudoers(params.id) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/ssh-credentials',
    access: 'servers:read',
    summary: 'SSH credentials without their keys, newest first',
    query: pageQuery,
    status: 200,
    response: sshCredentialPage,
    handler: async (input) => ({ body: await servers.credentials(scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/ssh-credentials',
    access: 'servers:write',
    summary:
      'Stores how to sign in, sealed: a private key, a password, or the agent; it never comes out again',
    body: sshCredentialCreate,
    status: 201,
    response: sshCredential,
    handler: async (input) => ({ body: await servers.createCredential(input, input.body) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/ssh-credentials/:id',
    access: 'servers:read',
    summary: 'One SSH credential without its key',
    params: idParams,
    status: 200,
    response: sshCredential,
    handler: async ({ params }) => ({ body: await servers.credential(params.id) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/ssh-credentials/:id',
    access: 'servers:write',
    summary: 'Deletes an SSH credential that no server uses',
    params: idParams,
    status: 204,
    handler: async (input) => {
      await servers.removeCredential(input, input.params.id);
      return {};
    },
  }),
];

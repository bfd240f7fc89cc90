import {
  removed,
  snippetApply,
  snippetJob,
  virtualHost,
  virtualHostCreate,
  virtualHostPage,
  virtualHostPatch,
} from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { VirtualHostService } from '../services/virtual-host-service';
import { idParams, noBody, pageQuery } from './schemas';

const root = '/api/v1/servers/:id/virtual-hosts';
const hostParams = idParams.extend({ vid: z.string().max(64) });
const newestAt = ({ id, vid }: { id: string; vid: string }) => ({
  Location: `/api/v1/servers/${id}/virtual-hosts/${vid}/preview`,
});

export const virtualHostRoutes = (hosts: VirtualHostService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'servers:read',
    summary: 'What the server serves',
    params: idParams,
    query: pageQuery,
    status: 200,
    response: virtualHostPage,
    handler: async ({ params }) => ({ body: await hosts.list(params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'servers:write',
    summary: 'Registers a virtual host',
    params: idParams,
    body: virtualHostCreate,
    status: 201,
    response: virtualHost,
    handler: async (input) => {
      const made = await hosts.create(input, input.params.id, input.body);
      return {
        body: made,
        headers: { Location: `/api/v1/servers/${made.server_id}/virtual-hosts/${made.id}` },
      };
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:vid`,
    access: 'servers:read',
    summary: 'One virtual host',
    params: hostParams,
    status: 200,
    response: virtualHost,
    handler: async ({ params }) => ({ body: await hosts.get(params.id, params.vid) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:vid`,
    access: 'servers:write',
    summary: 'Changes names, listeners, certificate, snippet or settings; what is not named stays',
    params: hostParams,
    body: virtualHostPatch,
    status: 200,
    response: virtualHost,
    handler: async (input) => ({
      body: await hosts.change(input, input.params.id, input.params.vid, input.body),
    }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:vid`,
    access: 'servers:write',
    summary: 'Forgets a virtual host, with its looks and alerts; says what stays on the server',
    params: hostParams,
    status: 200,
    response: removed,
    handler: async (input) => ({ body: await hosts.remove(input, input.params.id, input.params.vid) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:vid/preview`,
    access: 'servers:write',
    summary: 'Has its snippet held against what is on the server: a diff, and the lines that include it',
    params: hostParams,
    body: noBody,
    status: 202,
    response: snippetJob,
    handler: async (input) => ({
      body: await hosts.order(input, input.params.id, input.params.vid, 'preview'),
      headers: newestAt(input.params),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:vid/apply`,
    access: 'servers:write',
    summary: 'Has its snippet written, tested and loaded, or put back; what was changed by hand needs force',
    params: hostParams,
    body: snippetApply,
    status: 202,
    response: snippetJob,
    handler: async (input) => ({
      body: await hosts.order(input, input.params.id, input.params.vid, 'apply', input.body.force),
      headers: newestAt(input.params),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:vid/preview`,
    access: 'servers:read',
    summary: 'The newest preview or application of its snippet',
    params: hostParams,
    status: 200,
    response: snippetJob,
    handler: async ({ params }) => ({ body: await hosts.newest(params.id, params.vid) }),
  }),
];

import {
  gateway,
  gatewayContainers,
  gatewayEventPage,
  gatewayEventQuery,
  gatewayListQuery,
  gatewayPage,
  gatewayPatch,
  gatewayPoints,
  gatewayRegister,
  gatewaySessionPage,
  pointsQuery,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { GatewayService } from '../services/gateway-service';
import { agentParams, noBody, scopedListOptions } from './schemas';

export const gatewayRoutes = (gateways: GatewayService): Route[] => [
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways',
    access: 'gateways:read',
    summary: 'Gateways by agent id; decommissioned ones only when asked for',
    query: gatewayListQuery,
    status: 200,
    response: gatewayPage,
    handler: async (input) => ({ body: await gateways.list(scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/gateways/register',
    access: 'gateways:write',
    summary: 'Registers an expected gateway, or adopts a discovered one',
    body: gatewayRegister,
    status: 201,
    response: gateway,
    handler: async (input) => ({
      body: await gateways.register(input, input.body),
      headers: { Location: `/admin/api/gateways/${input.body.agent_id}` },
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id',
    access: 'gateways:read',
    summary: 'One gateway with its newest telemetry',
    params: agentParams,
    status: 200,
    response: gateway,
    handler: async ({ params }) => ({ body: await gateways.get(params.agent_id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/admin/api/gateways/:agent_id',
    access: 'gateways:write',
    summary: 'Changes what people set; what is not given stays',
    params: agentParams,
    body: gatewayPatch,
    status: 200,
    response: gateway,
    handler: async (input) => ({ body: await gateways.update(input, input.params.agent_id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/admin/api/gateways/:agent_id',
    access: 'gateways:write',
    summary: 'Decommissions a gateway, for good',
    params: agentParams,
    status: 204,
    handler: async (input) => {
      await gateways.decommission(input, input.params.agent_id);
      return {};
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/gateways/:agent_id/credentials/revoke',
    access: 'gateways:write',
    summary: 'Revokes all credentials of a gateway; it comes back with a new key or certificate only',
    params: agentParams,
    body: noBody,
    status: 204,
    handler: async (input) => {
      await gateways.revokeCredentials(input, input.params.agent_id);
      return {};
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/points',
    access: 'gateways:read',
    summary: 'Telemetry over time; the last day unless told otherwise',
    params: agentParams,
    query: pointsQuery,
    status: 200,
    response: gatewayPoints,
    handler: async ({ params, query }) => ({
      body: { points: await gateways.points(params.agent_id, query) },
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/containers',
    access: 'gateways:read',
    summary: 'Containers of the host, by its newest telemetry',
    params: agentParams,
    status: 200,
    response: gatewayContainers,
    handler: async ({ params }) => ({ body: await gateways.containers(params.agent_id) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/sessions',
    access: 'gateways:read',
    summary: 'Connections of its agent to hubs, newest first',
    params: agentParams,
    query: gatewayEventQuery,
    status: 200,
    response: gatewaySessionPage,
    handler: async ({ params, query }) => ({ body: await gateways.sessions(params.agent_id, query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/events',
    access: 'gateways:read',
    summary: 'What happened on the host, newest first',
    params: agentParams,
    query: gatewayEventQuery,
    status: 200,
    response: gatewayEventPage,
    handler: async ({ params, query }) => ({ body: await gateways.events(params.agent_id, query) }),
  }),
];

import {
  enrollmentTokenCreated,
  gateway,
  gatewayContainers,
  gatewayEventPage,
  gatewayPage,
  gatewayPoints,
  gatewaySessionPage,
  type enrollmentTokenRequest,
  type gatewayEventQuery,
  type gatewayListQuery,
  type gatewayPatch,
  type gatewayRegister,
  type pointsQuery,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

export type GatewayListQuery = Partial<z.output<typeof gatewayListQuery>>;
export type PointsQuery = Partial<z.output<typeof pointsQuery>>;

const root = '/admin/api/gateways';
export const gatewayPath = (agentId: string): string => `${root}/${encodeURIComponent(agentId)}`;

export const gatewayRoutes = (http: Transport) => ({
  list: (query: GatewayListQuery = {}, options?: CallOptions) =>
    http.call(gatewayPage, { method: 'GET', path: root, query, options }),
  get: (agentId: string, options?: CallOptions) =>
    http.call(gateway, { method: 'GET', path: gatewayPath(agentId), options }),
  register: (body: z.input<typeof gatewayRegister>, options?: WriteOptions) =>
    http.call(gateway, { method: 'POST', path: `${root}/register`, body, options }),
  update: (agentId: string, body: z.input<typeof gatewayPatch>, options?: WriteOptions) =>
    http.call(gateway, { method: 'PATCH', path: gatewayPath(agentId), body, options }),
  /** For good: its agent is told to end, and no command reaches it any more. */
  decommission: (agentId: string, options?: WriteOptions): Promise<void> =>
    http.send({ method: 'DELETE', path: gatewayPath(agentId), options }),
  /** Nothing it has so far proves it any more; it comes back with a new key or certificate. */
  revokeCredentials: (agentId: string, options?: WriteOptions): Promise<void> =>
    http.send({ method: 'POST', path: `${gatewayPath(agentId)}/credentials/revoke`, body: {}, options }),
  /** A one-time token by which a host becomes this gateway; those made before are void. */
  issueEnrollmentToken: (
    agentId: string,
    body: z.input<typeof enrollmentTokenRequest> = {},
    options?: WriteOptions,
  ) =>
    http.call(enrollmentTokenCreated, {
      method: 'POST',
      path: `${gatewayPath(agentId)}/enrollment-token`,
      body,
      options,
    }),
  /** Newest first. */
  events: (agentId: string, query: Partial<z.output<typeof gatewayEventQuery>> = {}, options?: CallOptions) =>
    http.call(gatewayEventPage, { method: 'GET', path: `${gatewayPath(agentId)}/events`, query, options }),
  containers: (agentId: string, options?: CallOptions) =>
    http.call(gatewayContainers, { method: 'GET', path: `${gatewayPath(agentId)}/containers`, options }),
  /** Connections of its agent to hubs, newest first. */
  sessions: (
    agentId: string,
    query: Partial<z.output<typeof gatewayEventQuery>> = {},
    options?: CallOptions,
  ) =>
    http.call(gatewaySessionPage, {
      method: 'GET',
      path: `${gatewayPath(agentId)}/sessions`,
      query,
      options,
    }),
  points: (agentId: string, query: PointsQuery = {}, options?: CallOptions) =>
    http.call(gatewayPoints, { method: 'GET', path: `${gatewayPath(agentId)}/points`, query, options }),
});

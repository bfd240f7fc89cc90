import {
  commandAccepted,
  commandPage,
  commandRecord,
  secretResult,
  type CommandRequest,
  type commandListQuery,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';
import { gatewayPath } from './gateways';

export type CommandListQuery = Partial<z.output<typeof commandListQuery>>;

const root = (agentId: string): string => `${gatewayPath(agentId)}/commands`;

export const commandRoutes = (http: Transport) => ({
  /** Accepted is not done: follow the record at `get` until its status is terminal. */
  run: (agentId: string, body: CommandRequest, options?: WriteOptions) =>
    http.call(commandAccepted, { method: 'POST', path: root(agentId), body, options }),
  /** Whether it could still be stopped is told by its record. */
  cancel: (agentId: string, correlationId: string, options?: WriteOptions) =>
    http.call(commandAccepted, {
      method: 'POST',
      path: `${root(agentId)}/${encodeURIComponent(correlationId)}/cancel`,
      options,
    }),
  /** The secrets in its result, for who has asked for it. Shown once: a second time is refused. */
  secrets: (agentId: string, correlationId: string, options?: WriteOptions) =>
    http.call(secretResult, {
      method: 'POST',
      path: `${root(agentId)}/${encodeURIComponent(correlationId)}/secrets`,
      body: {},
      options,
    }),
  get: (agentId: string, correlationId: string, options?: CallOptions) =>
    http.call(commandRecord, {
      method: 'GET',
      path: `${root(agentId)}/${encodeURIComponent(correlationId)}`,
      options,
    }),
  list: (agentId: string, query: CommandListQuery = {}, options?: CallOptions) =>
    http.call(commandPage, { method: 'GET', path: root(agentId), query, options }),
});

import type { IncomingMessage } from 'node:http';
import { agentId as agentIdSchema, limits, uuid } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Route } from '@viw/runtime';
import { z } from 'zod';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { LastFrames } from './last-frames';
import type { Dispatcher } from '../routing/dispatcher';

export interface AgentRoutesDeps {
  readonly connections: ConnectionTable;
  readonly recent: LastFrames;
  readonly dispatcher: Pick<Dispatcher, 'queueOf'>;
}

/** Diagnosis only: what acts on a host goes through the backend. */
const echoRequest = z.strictObject({
  correlation_id: uuid,
  type: z.literal('ECHO'),
  payload: z.record(z.string(), z.unknown()),
  ttl_s: z.int().min(1).max(limits.commandTtlMaxSeconds).optional(),
});

/** By agent id; `next` of one page is `after` of the one that follows. */
const pageQuery = z.strictObject({
  limit: z.coerce.number().pipe(z.int().min(1).max(1_000)).default(100),
  after: agentIdSchema.or(z.literal('')).default(''),
});

const queryOf = ({ url = '/' }: IncomingMessage): URLSearchParams => new URL(url, 'http://ops').searchParams;

/** `/internal/agent/...` on the ops listener, which guards them. */
export function agentRoutes({ connections, recent, dispatcher }: AgentRoutesDeps): Route[] {
  const describe = (connection: Connection) => ({
    agent_id: connection.agentId,
    conn_id: connection.connId,
    session_id: connection.sessionId,
    epoch: connection.epoch,
    ip: connection.ip,
    dialect: connection.dialect.name,
    version: connection.hello?.version,
    connected_at: new Date(connection.openedAt).toISOString(),
    last_seen_at: new Date(connection.lastSeenAt).toISOString(),
    ack_seq: connection.ackSeq,
    takes_commands: connection.takesCommands,
    commands_in_flight: dispatcher.queueOf(connection.agentId).inFlight,
    commands_waiting: dispatcher.queueOf(connection.agentId).waiting,
  });

  const known = (params: Readonly<Record<string, string>>) => {
    const { data } = agentIdSchema.safeParse(params['id']);
    if (data === undefined) throw new AppError('NOT_FOUND', 'no such agent on this hub');
    return { id: data, connection: connections.get(data), frames: recent.get(data) };
  };

  return [
    {
      method: 'GET',
      pattern: '/internal/agent/_healthz',
      handler: () => ({
        status: 200,
        body: { status: 'ok', uptime_s: Math.floor(process.uptime()), connections: connections.size },
      }),
    },
    {
      method: 'GET',
      pattern: '/internal/agent/agents',
      handler: (request) => {
        const { limit, after } = pageQuery.parse(Object.fromEntries(queryOf(request)));
        const ids = [...connections.ids()].filter((id) => id > after).sort();
        const page = ids.slice(0, limit).flatMap((id) => connections.get(id) ?? []);
        const more = ids.length > limit ? { next: ids[limit - 1] } : {};
        return { status: 200, body: { agents: page.map(describe), total: connections.size, ...more } };
      },
    },
    {
      method: 'GET',
      pattern: '/internal/agent/agents/:id/telemetry',
      handler: (_request, params) => {
        const { id, connection, frames } = known(params);
        if (!connection && !frames) throw new AppError('NOT_FOUND', 'no such agent on this hub');
        return { status: 200, body: { agent_id: id, frames: frames?.telemetry ?? [] } };
      },
    },
    {
      method: 'GET',
      pattern: '/internal/agent/agents/:id/last-result',
      handler: (_request, params) => {
        const { id, frames } = known(params);
        if (!frames?.lastResult) throw new AppError('NOT_FOUND', 'no answer of this agent is known');
        return { status: 200, body: { agent_id: id, result: frames.lastResult } };
      },
    },
    {
      method: 'POST',
      pattern: '/internal/agent/agents/:id/commands',
      handler: (_request, params, body) => {
        const { correlation_id, payload } = echoRequest.parse(body);
        const { connection } = known(params);
        const sent = connection?.hello && connection.send({ type: 'ECHO', correlation_id, payload });
        if (!sent) throw new AppError('NOT_FOUND', 'no such agent on this hub');
        return { status: 202, body: { queued: true } };
      },
    },
  ];
}

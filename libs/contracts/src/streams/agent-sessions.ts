import { z } from 'zod';
import { streams } from '../names';
import { agentId, hubId, sessionId, timestamp } from '../primitives';
import { connectionFacts } from './connection';
import { streamContract } from './stream-contract';

const session = {
  ...connectionFacts,
  agent_id: agentId,
  conn_id: z.string().max(64),
  ip: z.string().max(64),
  at: timestamp,
};

export const agentSessionsBody = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('connected'),
    ...session,
    /** How the agent proved its identity, and what it speaks. Absent in entries of older hubs. */
    way: z.string().max(64).optional(),
    dialect: z.string().max(64).optional(),
  }),
  z.object({
    kind: z.literal('disconnected'),
    ...session,
    /** `shutdown`: the agent said goodbye (close 1000 or 1001) or the hub restarts; anything else is a loss. */
    reason: z.enum(['shutdown', 'hub_restarting', 'silent', 'error', 'policy', 'replaced']),
    code: z.int(),
  }),
  z.object({ kind: z.literal('replaced'), ...session, by_session_id: sessionId }),
  z.object({
    kind: z.literal('rejected'),
    hub: hubId,
    agent_id: agentId.optional(),
    ip: z.string().max(64),
    at: timestamp,
    reason: z.string().max(64),
  }),
  /** Coalesced liveness: one entry per hub and 30 s. */
  z.object({
    kind: z.literal('heartbeats'),
    hub: hubId,
    at: timestamp,
    sessions: z
      .array(z.object({ agent_id: agentId, session_id: sessionId, last_heartbeat_at: timestamp }))
      .max(1_000),
  }),
]);
export type AgentSessionsBody = z.infer<typeof agentSessionsBody>;

const example = {
  hub: 'hub-1',
  session_id: '01936b2e-0000-7000-8000-00000000000b',
  epoch: 1_795_000_000_000,
  agent_id: 'gw-berlin-1',
  conn_id: '01936b2e-0000-7000-8000-00000000000a',
  ip: '192.0.2.7',
  at: '2026-11-21T08:00:01.000Z',
};
export const agentSessionsStream = streamContract(streams.agentSessions, 1, agentSessionsBody, [
  { kind: 'connected', ...example, way: 'hmac', dialect: 'viworks-agent-v1' },
  { kind: 'disconnected', ...example, reason: 'silent', code: 4408 },
  { kind: 'replaced', ...example, by_session_id: '01936b2e-0000-7000-8000-00000000000e' },
  {
    kind: 'rejected',
    hub: 'hub-1',
    agent_id: 'gw-berlin-1',
    ip: '192.0.2.7',
    at: example.at,
    reason: 'BAD_SIGNATURE',
  },
  {
    kind: 'heartbeats',
    hub: 'hub-1',
    at: example.at,
    sessions: [{ agent_id: 'gw-berlin-1', session_id: example.session_id, last_heartbeat_at: example.at }],
  },
]);

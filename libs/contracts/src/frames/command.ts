import { z } from 'zod';
import { agentId, nonce, timestamp, uuid } from '../primitives';
import { frame } from './frame-contract';

/**
 * A command on the wire. `jws` is the backend's signature over the claims (see command/claims.ts) and the only
 * carrier of arguments; `issued_at`, `expires_at` (at most 60 s apart) and `nonce` are stamped at each dispatch.
 */
export const commandFrame = z.object({
  type: z.literal('COMMAND'),
  correlation_id: uuid,
  agent_id: agentId,
  verb: z.string().max(64),
  issued_at: timestamp,
  expires_at: timestamp,
  nonce,
  jws: z.string().max(128 * 1024),
});
export type CommandFrame = z.infer<typeof commandFrame>;

export const command = frame('COMMAND', 'hub', commandFrame, {
  type: 'COMMAND',
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
  agent_id: 'gw-berlin-1',
  verb: 'list_users',
  issued_at: '2026-11-21T08:01:00.000Z',
  expires_at: '2026-11-21T08:02:00.000Z',
  nonce: '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a02',
  jws: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
});

export const cancelFrame = z.object({ type: z.literal('CANCEL'), correlation_id: uuid, agent_id: agentId });
export const cancel = frame('CANCEL', 'hub', cancelFrame, {
  type: 'CANCEL',
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
  agent_id: 'gw-berlin-1',
});

export const commandAckFrame = z.object({
  type: z.literal('COMMAND_ACK'),
  correlation_id: uuid,
  state: z.enum(['received', 'duplicate', 'busy']),
});
export type CommandAckFrame = z.infer<typeof commandAckFrame>;
export const commandAck = frame('COMMAND_ACK', 'agent', commandAckFrame, {
  type: 'COMMAND_ACK',
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
  state: 'received',
});

/** The RESULT is in Redis: the agent may forget it. */
export const resultAckFrame = z.object({
  type: z.literal('RESULT_ACK'),
  result_id: uuid,
  correlation_id: uuid,
});
export const resultAck = frame('RESULT_ACK', 'hub', resultAckFrame, {
  type: 'RESULT_ACK',
  result_id: '01936b2e-0000-7000-8000-000000000002',
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
});

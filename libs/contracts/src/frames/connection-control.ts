import { z } from 'zod';
import { hostPolicies } from '../command/host-policy';
import { agentError } from '../error-codes';
import { agentId, freeForm, nonce, sessionId, timestamp, uuid } from '../primitives';
import { frame } from './frame-contract';

/** Sent by the hub as soon as the socket is open. */
export const helloAckFrame = z.object({
  type: z.literal('HELLO_ACK'),
  server_time: timestamp,
  supported: z.array(z.string()),
  agent_id: agentId,
  conn_id: z.string(),
});
export const helloAck = frame('HELLO_ACK', 'hub', helloAckFrame, {
  type: 'HELLO_ACK',
  server_time: '2026-11-21T08:00:00.000Z',
  supported: ['HELLO', 'HEARTBEAT', 'TELEMETRY', 'COMMAND_ACK', 'RESULT', 'EVENT', 'ECHO_REPLY', 'PONG'],
  agent_id: 'gw-berlin-1',
  conn_id: '01936b2e-0000-7000-8000-00000000000a',
});

/** Answer to HELLO. */
export const welcomeFrame = z.object({
  type: z.literal('WELCOME'),
  session_id: sessionId,
  heartbeat_s: z.int().min(1),
  cmd_timeout_s: z.int().min(1),
  now: timestamp,
  server_nonce: nonce,
});
export type WelcomeFrame = z.infer<typeof welcomeFrame>;
export const welcome = frame('WELCOME', 'hub', welcomeFrame, {
  type: 'WELCOME',
  session_id: '01936b2e-0000-7000-8000-00000000000b',
  heartbeat_s: 20,
  cmd_timeout_s: 60,
  now: '2026-11-21T08:00:00.000Z',
  server_nonce: '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a03',
});

/**
 * What the backend says of itself to hosts: see command/host-policy.ts. Sent before WELCOME, and again when there is a newer
 * one. The hub passes it on and can make none.
 */
export const hostPolicyFrame = z.object({ type: z.literal('HOST_POLICY'), policies: hostPolicies });
export type HostPolicyFrame = z.infer<typeof hostPolicyFrame>;
export const hostPolicy = frame('HOST_POLICY', 'hub', hostPolicyFrame, {
  type: 'HOST_POLICY',
  policies: ['eyJhbGciOiJFZERTQSJ9.e30.c2ln'],
});

/** From the agent: alive. From the hub, every `heartbeat_s`: alive, and the newest telemetry that Redis has confirmed. */
export const heartbeatFrame = z.object({
  type: z.literal('HEARTBEAT'),
  ts: timestamp.optional(),
  ack_seq: z.int().min(0).optional(),
});
export type HeartbeatFrame = z.infer<typeof heartbeatFrame>;
export const heartbeatFromAgent = frame('HEARTBEAT', 'agent', heartbeatFrame, {
  type: 'HEARTBEAT',
  ts: '2026-11-21T08:00:20.000Z',
});
export const heartbeatFromHub = frame('HEARTBEAT', 'hub', heartbeatFrame, { type: 'HEARTBEAT', ack_seq: 17 });

/** Diagnostic without effect on the host. */
export const echoFrame = z.object({
  type: z.literal('ECHO'),
  correlation_id: uuid,
  payload: freeForm,
});
export const echo = frame('ECHO', 'hub', echoFrame, {
  type: 'ECHO',
  correlation_id: '01936b2e-0000-7000-8000-00000000000d',
  payload: { message: 'hello' },
});
export const echoReplyFrame = z.object({
  type: z.literal('ECHO_REPLY'),
  correlation_id: uuid,
  payload: freeForm,
});
export const echoReply = frame('ECHO_REPLY', 'agent', echoReplyFrame, {
  type: 'ECHO_REPLY',
  correlation_id: '01936b2e-0000-7000-8000-00000000000d',
  payload: { message: 'hello' },
});

export const pingFrame = z.object({ type: z.literal('PING') });
export const ping = frame('PING', 'hub', pingFrame, { type: 'PING' });
export const pongFrame = z.object({ type: z.literal('PONG') });
export const pong = frame('PONG', 'agent', pongFrame, { type: 'PONG' });

export const errorFrame = z.object({
  type: z.literal('ERROR'),
  error: agentError,
  correlation_id: uuid.optional(),
});
export const error = frame('ERROR', 'hub', errorFrame, {
  type: 'ERROR',
  error: { code: 'SCHEMA_MISMATCH', msg: 'TELEMETRY: metrics is required' },
});

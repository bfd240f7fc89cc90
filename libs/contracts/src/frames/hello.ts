import { z } from 'zod';
import { agentId, nonce, timestamp } from '../primitives';
import { frame } from './frame-contract';

/** First frame of an agent. Keys are bound at enrolment, never taken from here. */
export const helloFrame = z.object({
  type: z.literal('HELLO'),
  agent_id: agentId,
  version: z.string().max(64),
  capabilities: z.array(z.string().max(64)).max(64),
  site: z.string().max(128).nullish(),
  supported_verbs: z.array(z.string().max(64)).max(64).optional(),
  max_concurrency: z.int().min(1).max(64).optional(),
  os: z.string().max(256).optional(),
  kernel: z.string().max(256).optional(),
  hostname: z.string().max(256).optional(),
  container_engine: z.string().max(128).nullish(),
  start_time: timestamp.optional(),
  now: timestamp.optional(),
  nonce: nonce.optional(),
});
export type HelloFrame = z.infer<typeof helloFrame>;

export const hello = frame('HELLO', 'agent', helloFrame, {
  type: 'HELLO',
  agent_id: 'gw-berlin-1',
  version: '1.4.0',
  capabilities: ['telemetry', 'commands'],
  site: 'berlin',
  supported_verbs: ['get_system_health', 'create_panel_user'],
  max_concurrency: 4,
  os: 'Debian GNU/Linux 12',
  kernel: '6.1.0-18-amd64',
  hostname: 'gw-berlin-1',
  start_time: '2026-11-21T08:00:00.000Z',
  now: '2026-11-21T08:00:01.000Z',
  nonce: '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a01',
});

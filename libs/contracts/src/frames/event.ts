import { z } from 'zod';
import { agentId, freeForm, timestamp, uuid } from '../primitives';
import { frame } from './frame-contract';

/** Something happened on the host that is neither telemetry nor the answer to a command. */
export const eventFrame = z.object({
  type: z.literal('EVENT'),
  event_id: uuid,
  agent_id: agentId,
  ts: timestamp,
  kind: z.enum(['container', 'user', 'service', 'security', 'audit']),
  name: z.string().max(128),
  data: freeForm.optional(),
});
export type EventFrame = z.infer<typeof eventFrame>;
export const event = frame('EVENT', 'agent', eventFrame, {
  type: 'EVENT',
  event_id: '01936b2e-0000-7000-8000-00000000000c',
  agent_id: 'gw-berlin-1',
  ts: '2026-11-21T08:00:20.000Z',
  kind: 'service',
  name: 'openvpn.restarted',
});

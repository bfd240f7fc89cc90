import { z } from 'zod';
import { streams } from '../names';
import { agentId, hubId, timestamp, uuid } from '../primitives';
import { streamContract } from './stream-contract';

/** What happened to a command on its way; its outcome comes in `viw.command_results`. */
export const commandEventsBody = z.object({
  correlation_id: uuid,
  agent_id: agentId,
  hub: hubId,
  at: timestamp,
  state: z.enum(['dispatched', 'acknowledged', 'expired', 'rejected', 'cancelled']),
  /** For `rejected`: why the hub or the agent would not take it; shown to people. */
  reason: z.string().max(500).optional(),
});
export type CommandEventsBody = z.infer<typeof commandEventsBody>;

export const commandEventsStream = streamContract(streams.commandEvents, 1, commandEventsBody, [
  {
    correlation_id: '01936b2e-0000-7000-8000-000000000001',
    agent_id: 'gw-berlin-1',
    hub: 'hub-1',
    at: '2026-11-21T08:01:00.010Z',
    state: 'dispatched',
  },
]);

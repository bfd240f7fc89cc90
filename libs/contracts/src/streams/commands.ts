import { z } from 'zod';
import { streams } from '../names';
import { agentId, timestamp, uuid } from '../primitives';
import { streamContract } from './stream-contract';

/**
 * A command on its way to the agent, in `viw.commands`, in a hub's stream and in a mailbox alike.
 * It holds no argument in clear: `jws` carries them, the secret ones sealed inside it.
 */
const run = z.object({
  kind: z.literal('run'),
  correlation_id: uuid,
  agent_id: agentId,
  verb: z.string().max(64),
  accepted_at: timestamp,
  /** Execution must have started by then. */
  expires_at: timestamp,
  /** How long the verb itself may run. */
  timeout_s: z.int().min(1),
  jws: z.string().max(128 * 1024),
  /** Set by a hub that moves the command on: it may have been sent to the agent already. */
  sent_before: z.boolean().optional(),
});
const cancel = z.object({ kind: z.literal('cancel'), correlation_id: uuid, agent_id: agentId });

export const commandBody = z.discriminatedUnion('kind', [run, cancel]);
export type CommandBody = z.infer<typeof commandBody>;
export type RunCommandBody = Extract<CommandBody, { kind: 'run' }>;

export const commandsStream = streamContract(streams.commands, 1, commandBody, [
  {
    kind: 'run',
    correlation_id: '01936b2e-0000-7000-8000-000000000001',
    agent_id: 'gw-berlin-1',
    verb: 'list_users',
    accepted_at: '2026-11-21T08:01:00.000Z',
    expires_at: '2026-11-21T08:02:00.000Z',
    timeout_s: 30,
    jws: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
  },
  { kind: 'cancel', correlation_id: '01936b2e-0000-7000-8000-000000000001', agent_id: 'gw-berlin-1' },
]);

/**
 * What a hub finds in its own stream: commands, and word of another hub that the connection with this epoch has been
 * replaced there. Losing that word costs time only: the lease says the same.
 */
export const hubEntryBody = z.discriminatedUnion('kind', [
  run,
  cancel,
  z.object({ kind: z.literal('replaced'), agent_id: agentId, epoch: z.int().min(1) }),
]);
export type HubEntryBody = z.infer<typeof hubEntryBody>;

export const hubEntriesStream = streamContract(streams.commands, 1, hubEntryBody, [
  ...commandsStream.examples,
  { kind: 'replaced', agent_id: 'gw-berlin-1', epoch: 1_795_000_000_000 },
]);

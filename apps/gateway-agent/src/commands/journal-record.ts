import { agentErrorCode, resultStatus, timestamp, uuid } from '@viw/contracts';
import { z } from 'zod';

/** A command is about to be handed to the helper. */
const begun = z.strictObject({
  state: z.literal('begun'),
  at: timestamp,
  correlation_id: uuid,
  verb: z.string().max(64),
  /** Every RESULT of this command carries it, in this run of the agent and in later ones. */
  result_id: uuid,
});

/** It has ended. No output, no arguments, no signature: nothing in this file is secret. */
const ended = z.strictObject({
  state: z.literal('ended'),
  at: timestamp,
  correlation_id: uuid,
  status: resultStatus,
  rc: z.int().nullable(),
  /** Who decided the outcome: the helper, which can be asked again, or this agent, because the helper was away. */
  by: z.enum(['helper', 'agent']),
  error_code: agentErrorCode.optional(),
});

export const journalRecord = z.discriminatedUnion('state', [begun, ended]);
export type JournalRecord = z.infer<typeof journalRecord>;
export type BegunRecord = z.infer<typeof begun>;
export type EndedRecord = z.infer<typeof ended>;

/** What the journal knows about one command. Without `ended` the agent died while it was running. */
export interface JournalEntry {
  readonly begun: BegunRecord;
  readonly ended?: EndedRecord;
}

import { z } from 'zod';
import { resultStatus } from '../frames/result';
import { limits } from '../limits';
import { uuid } from '../primitives';
import { listQuery, page } from './problem';

export const commandStatus = z.enum([
  'accepted',
  'queued',
  'dispatched',
  'acknowledged',
  'succeeded',
  'failed',
  'denied',
  'timeout',
  'expired',
  'cancelled',
  'unknown',
]);
export type CommandStatus = z.infer<typeof commandStatus>;

/** States that never change again. */
export const terminalCommandStatuses = [
  'succeeded',
  'failed',
  'denied',
  'timeout',
  'expired',
  'cancelled',
  'unknown',
] as const satisfies readonly CommandStatus[];

export const isTerminal = (status: CommandStatus): boolean =>
  (terminalCommandStatuses as readonly CommandStatus[]).includes(status);

export const commandRequest = z.strictObject({
  /** A verb of the catalogue. */
  command: z.string().min(1).max(64),
  parameters: z.record(z.string(), z.unknown()).default({}),
  ttl_s: z.int().min(1).max(limits.commandTtlMaxSeconds).default(limits.commandTtlDefaultSeconds),
  /** The caller's own; the same one again returns the first answer. */
  correlation_id: uuid.optional(),
  /** Why; shown to who has to approve it, and kept in the audit log. */
  reason: z.string().min(1).max(500).optional(),
});
export type CommandRequest = z.input<typeof commandRequest>;

/**
 * `awaiting_approval`: the verb's policy asks for a second person; nothing is sent before, and the approval request has the id
 * of the command. Absent: accepted.
 */
export const commandAccepted = z.object({
  correlation_id: uuid,
  status: z.literal('awaiting_approval').optional(),
});
export type CommandAccepted = z.infer<typeof commandAccepted>;

/**
 * What became of a result's signature. `valid`: by a key registered for this gateway, over exactly this result. `invalid`: it
 * claims such a key and does not hold. `unknown_key`: by a key that is not this gateway's.
 */
export const resultSignature = z.enum(['valid', 'invalid', 'unsigned', 'unknown_key']);
export type ResultSignature = z.infer<typeof resultSignature>;

export const commandResult = z.object({
  result_id: z.string(),
  status: resultStatus,
  rc: z.int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  duration_ms: z.number(),
  error: z.object({ code: z.string(), msg: z.string() }).nullable(),
  received_at: z.string(),
  /** Came after the command had ended otherwise; evidence only. */
  late: z.boolean(),
  /** Null for results stored before signatures were looked at. */
  signature: resultSignature.nullable(),
  /** False: the gateway signs its results, and this is none of them. It has ended nothing. */
  believed: z.boolean(),
});

export const commandRecord = z.object({
  correlation_id: uuid,
  agent_id: z.string(),
  verb: z.string(),
  /** Arguments as given, secret ones replaced by "***". */
  parameters: z.record(z.string(), z.unknown()),
  status: commandStatus,
  reason: z.string().nullable(),
  issued_by: z.string(),
  accepted_at: z.string(),
  expires_at: z.string(),
  dispatched_at: z.string().nullable(),
  acknowledged_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  result: commandResult.nullable(),
});
export type CommandRecord = z.infer<typeof commandRecord>;
export const commandPage = page(commandRecord);
export const commandListQuery = z.strictObject({ ...listQuery, status: commandStatus.optional() });

/** The secret members of a result, in clear. Shown once. */
export const secretResult = z.object({ secrets: z.record(z.string(), z.unknown()) });
export type SecretResult = z.infer<typeof secretResult>;

export const risk = z.enum(['read', 'change', 'disruptive']);

/** One verb of the catalogue, for forms and documentation. */
export const verbDescription = z.object({
  verb: z.string(),
  title: z.string(),
  description: z.string(),
  risk,
  timeout_s: z.int(),
  idempotent: z.boolean(),
  /** JSON Schema (draft 2020-12) of `parameters`. */
  arguments: z.record(z.string(), z.unknown()),
  secret_arguments: z.array(z.string()),
});
export type VerbDescription = z.infer<typeof verbDescription>;
export const verbList = z.object({ items: z.array(verbDescription) });

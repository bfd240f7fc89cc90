import { z } from 'zod';
import { uuid } from '../primitives';
import { listQuery, page } from './problem';
import { verbPolicyRules } from './verb-policies';

/** `command`: a command that waits; `verb_policy`: a change that would make a verb's policy weaker. */
export const approvalKind = z.enum(['command', 'verb_policy']);
export type ApprovalKind = z.infer<typeof approvalKind>;

/**
 * `waiting` is the only one that changes. `invalid`: approval was refused for good, because what was asked for cannot be
 * done any more as it was asked for (`decision_note` says why).
 */
export const approvalStatus = z.enum(['waiting', 'approved', 'rejected', 'withdrawn', 'expired', 'invalid']);
export type ApprovalStatus = z.infer<typeof approvalStatus>;

export const approvalAction = z.enum(['approve', 'reject', 'withdraw']);
export type ApprovalAction = z.infer<typeof approvalAction>;

const who = z.object({ kind: z.string(), id: z.string(), name: z.string() });

export const approval = z.object({
  /** Of a command: its correlation id. */
  id: uuid,
  kind: approvalKind,
  verb: z.string(),
  /** Null unless `kind` is `command`. */
  agent_id: z.string().nullable(),
  /** Of a command: its arguments, secret ones replaced by "***". */
  parameters: z.record(z.string(), z.unknown()).nullable(),
  /** Of a command: seconds from approval until its execution has to have started. */
  ttl_s: z.int().nullable(),
  /** Of a change of a policy: the rules as they were when it was asked for, and as they are to be; `to` null: deletion. */
  policy_change: z.object({ from: verbPolicyRules, to: verbPolicyRules.nullable() }).nullable(),
  /** The policy that made it wait. */
  policy_id: z.string(),
  requested_by: who,
  reason: z.string().nullable(),
  requested_at: z.string(),
  /** Until then it waits. */
  expires_at: z.string(),
  status: approvalStatus,
  /** Null while it waits, and when its time ran out. */
  decided_by: who.nullable(),
  decided_at: z.string().nullable(),
  decision_note: z.string().nullable(),
  /** What the caller may do about it now; each is checked again when it is done. */
  may: z.array(approvalAction),
});
export type Approval = z.output<typeof approval>;
export const approvalPage = page(approval);
/** Newest first. */
export const approvalListQuery = z.strictObject({
  ...listQuery,
  status: approvalStatus.optional(),
  kind: approvalKind.optional(),
});

/** Body of approve, reject and withdraw. */
export const approvalDecision = z.strictObject({ note: z.string().min(1).max(500).optional() });
export type ApprovalDecision = z.input<typeof approvalDecision>;

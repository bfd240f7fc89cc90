import { z } from 'zod';
import { gatewaySelector } from './scope';

/** Roles that may run commands at all; a policy picks from them. */
export const runningRole = z.enum(['admin', 'operator']);
export type RunningRole = z.infer<typeof runningRole>;

export const approvalMode = z.enum(['none', 'second_person']);
export type ApprovalMode = z.infer<typeof approvalMode>;

const rules = {
  roles: z
    .array(runningRole)
    .min(1)
    .max(2)
    .refine((roles) => new Set(roles).size === roles.length, 'each role once')
    .default(['admin', 'operator']),
  /** Gateways that the verb may be run on, as in a scope. Nothing in it: on none. */
  where: z.union([z.literal('all'), gatewaySelector]).default('all'),
  approval: approvalMode.default('none'),
  /** How long a request waits for its approval. */
  approval_ttl_s: z.int().min(60).max(86_400).default(3_600),
  /** Gateways that may have an unfinished command of this verb at once; null: as many as there are. */
  max_targets: z.int().min(1).max(100_000).nullable().default(null),
};

/** What a policy says. A verb without one may be run by who has the permission, everywhere. */
export const verbPolicyRules = z.object(rules);
export type VerbPolicyRules = z.output<typeof verbPolicyRules>;

/** Replaces the whole policy: what is not given has its default. */
export const verbPolicyPut = z.strictObject({
  ...rules,
  /** The version that this replaces; null: there is none yet. Absent: whatever there is. */
  version: z.int().min(1).nullable().optional(),
  /** For who has to approve a change that makes the policy weaker. */
  reason: z.string().min(1).max(500).optional(),
});
export type VerbPolicyPut = z.input<typeof verbPolicyPut>;

/** `version`: the one that is to be deleted; absent: whatever there is. */
export const verbPolicyDeleteQuery = z.strictObject({ version: z.coerce.number().int().min(1).optional() });

export const verbPolicy = z.object({
  verb: z.string(),
  /** Never used twice, not even after a deletion. */
  version: z.int(),
  /** What commands that were accepted under it are signed with: `<verb>@<version>`. */
  policy_id: z.string(),
  ...rules,
  /** Null: not shown to who is narrowed, because it may name what is foreign to them. */
  where: z.union([z.literal('all'), gatewaySelector]).nullable(),
  /** Name. */
  changed_by: z.string(),
  changed_at: z.string(),
});
export type VerbPolicy = z.output<typeof verbPolicy>;
/** Ordered by verb. */
export const verbPolicyList = z.object({ items: z.array(verbPolicy) });

/**
 * What became of a change. `awaiting_approval`: it would make a policy weaker that asks for a second person, and waits for
 * one itself (`approval_id`); the policy is as it was.
 */
export const verbPolicyChanged = z.object({
  status: z.enum(['changed', 'awaiting_approval']),
  /** As it is now; null: there is none. */
  policy: verbPolicy.nullable(),
  approval_id: z.string().nullable(),
});
export type VerbPolicyChanged = z.output<typeof verbPolicyChanged>;

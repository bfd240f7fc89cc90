import type { ApprovalMode, GatewayState, RunningRole, X25519PublicKey } from '@viw/contracts';
import { policyIdOf } from '../approvals/verb-policy-repository';

/** What decides whether a gateway takes a command, as it is while the command is being accepted. */
export interface CommandTarget {
  /** Undefined: no such gateway. */
  readonly state: GatewayState | undefined;
  readonly revoked: boolean;
  /** Empty: it has not said. */
  readonly supported_verbs: readonly string[];
  /** To seal secret arguments to; undefined: this gateway can take none. */
  readonly sealing_key: X25519PublicKey | undefined;
  /** An administrator has allowed secret arguments in clear, for an agent that can open no seal. */
  readonly allow_plain_secrets: boolean;
  /** Why nothing is accepted at all; undefined: it is. */
  readonly frozen: { readonly reason: string | null } | undefined;
  /** Of the verb; undefined: there is none. */
  readonly policy: PolicyAtTarget | undefined;
}

/** What the policy of a verb says of one gateway. */
export interface PolicyAtTarget {
  readonly id: string;
  readonly roles: readonly RunningRole[];
  readonly approval: ApprovalMode;
  readonly approval_ttl_s: number;
  /** Whether the verb may be run on this gateway. */
  readonly here: boolean;
}

export interface TargetRow {
  readonly frozen: boolean;
  readonly frozen_reason: string | null;
  readonly state: GatewayState | null;
  readonly revoked: boolean;
  readonly supported_verbs: readonly string[] | null;
  readonly sealing_key: X25519PublicKey | null;
  /** The same as long as nothing of the target has changed. */
  readonly seen: string;
  readonly allow_plain_secrets: boolean | null;
  /** Null: the verb has no policy. */
  readonly policy_version: number | null;
  readonly policy_roles: readonly RunningRole[];
  readonly policy_approval: ApprovalMode;
  readonly policy_ttl_s: number;
  readonly policy_here: boolean;
}

/** @param row undefined: on doubt nothing is accepted */
export const targetOf = (row: TargetRow | undefined, verb: string): CommandTarget => ({
  state: row?.state ?? undefined,
  revoked: row?.revoked ?? false,
  supported_verbs: row?.supported_verbs ?? [],
  sealing_key: row?.sealing_key ?? undefined,
  allow_plain_secrets: row?.allow_plain_secrets ?? false,
  frozen: row?.frozen === false ? undefined : { reason: row?.frozen_reason ?? null },
  policy:
    row === undefined || row.policy_version === null
      ? undefined
      : {
          id: policyIdOf({ verb, version: row.policy_version }),
          roles: row.policy_roles,
          approval: row.policy_approval,
          approval_ttl_s: row.policy_ttl_s,
          here: row.policy_here,
        },
});

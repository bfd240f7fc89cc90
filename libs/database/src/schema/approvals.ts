import type {
  ApprovalKind,
  ApprovalMode,
  ApprovalStatus,
  RunningRole,
  VerbPolicyRules,
} from '@viw/contracts';
import type { Generated } from 'kysely';
import type { InstantDefault, Instant, InstantOrNull, JsonOrNull } from './columns';

export interface VerbPoliciesTable {
  verb: string;
  version: number;
  roles: RunningRole[];
  /** Null: everywhere. */
  selector: JsonOrNull<Exclude<VerbPolicyRules['where'], 'all'>>;
  approval: ApprovalMode;
  approval_ttl_s: number;
  max_targets: number | null;
  changed_by_kind: string;
  changed_by_id: string;
  changed_by_name: string;
  changed_at: InstantDefault;
}

export interface ApprovalRequestsTable {
  id: string;
  kind: ApprovalKind;
  verb: string;
  agent_id: string | null;
  parameters_redacted: JsonOrNull<Record<string, unknown>>;
  /** As they will be signed; null once the request has ended. */
  arguments: JsonOrNull<Record<string, unknown>>;
  sealing_key: JsonOrNull<object>;
  ttl_s: number | null;
  policy_from: JsonOrNull<VerbPolicyRules>;
  policy_to: JsonOrNull<VerbPolicyRules>;
  policy_version: number | null;
  policy_id: string;
  requested_by_kind: string;
  requested_by_id: string;
  requested_by_name: string;
  reason: string | null;
  requested_at: InstantDefault;
  expires_at: Instant;
  status: Generated<ApprovalStatus>;
  decided_by_kind: string | null;
  decided_by_id: string | null;
  decided_by_name: string | null;
  decided_at: InstantOrNull;
  decision_note: string | null;
}

export interface ApiClientMakersTable {
  client_id: string;
  administrator_id: string;
}

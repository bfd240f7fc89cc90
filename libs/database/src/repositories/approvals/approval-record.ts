import type { Approval, ApprovalKind, ApprovalStatus, VerbPolicyRules } from '@viw/contracts';
import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Principal } from '../../schema/columns';

/** A request as people see it. */
export interface ApprovalRecord extends Omit<Approval, 'may'> {
  /** Whoever looks has asked for it, or made the API client that has, or a credential of it. */
  readonly own: boolean;
}

/** `c` is approval_requests. What is past its time waits no more, whether or not that has been noted. */
export const currentStatus = sql<ApprovalStatus>`CASE WHEN c.status = 'waiting' AND c.expires_at <= clock_timestamp()
  THEN 'expired' ELSE c.status END`;

/** Whether this principal, or a person behind it, has asked. */
const askedBy = ({ kind, id }: Principal): RawBuilder<boolean> => sql<boolean>`(
  (c.requested_by_kind = ${kind} AND c.requested_by_id = ${id})
  OR (${kind}::text = 'administrator' AND c.requested_by_kind = 'api_client' AND EXISTS (SELECT
    FROM viw.api_client_makers m WHERE m.client_id::text = c.requested_by_id AND m.administrator_id::text = ${id})))`;

export const approvalColumns = (viewer: Principal) => sql`
  c.id, c.kind, c.verb, c.agent_id, c.parameters_redacted, c.ttl_s, c.policy_from, c.policy_to, c.policy_id,
  c.requested_by_kind, c.requested_by_id, c.requested_by_name, c.reason, c.requested_at, c.expires_at,
  ${currentStatus} AS status, c.decided_by_kind, c.decided_by_id, c.decided_by_name, c.decided_at, c.decision_note,
  ${askedBy(viewer)} AS own`;

export interface ApprovalRow {
  id: string;
  kind: ApprovalKind;
  verb: string;
  agent_id: string | null;
  parameters_redacted: Record<string, unknown> | null;
  ttl_s: number | null;
  policy_from: VerbPolicyRules | null;
  policy_to: VerbPolicyRules | null;
  policy_id: string;
  requested_by_kind: string;
  requested_by_id: string;
  requested_by_name: string;
  reason: string | null;
  requested_at: string;
  expires_at: string;
  status: ApprovalStatus;
  decided_by_kind: string | null;
  decided_by_id: string | null;
  decided_by_name: string | null;
  decided_at: string | null;
  decision_note: string | null;
  own: boolean;
}

export const approvalOf = (row: ApprovalRow): ApprovalRecord => ({
  id: row.id,
  kind: row.kind,
  verb: row.verb,
  agent_id: row.agent_id,
  parameters: row.parameters_redacted,
  ttl_s: row.ttl_s,
  policy_change: row.policy_from && { from: row.policy_from, to: row.policy_to },
  policy_id: row.policy_id,
  requested_by: {
    kind: row.requested_by_kind,
    id: row.requested_by_id,
    name: row.requested_by_name,
  },
  reason: row.reason,
  requested_at: row.requested_at,
  expires_at: row.expires_at,
  status: row.status,
  decided_by:
    row.decided_by_kind !== null && row.decided_by_id !== null && row.decided_by_name !== null
      ? { kind: row.decided_by_kind, id: row.decided_by_id, name: row.decided_by_name }
      : null,
  decided_at: row.decided_at,
  decision_note: row.decision_note,
  own: row.own,
});

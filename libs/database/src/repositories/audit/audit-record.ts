import { sql } from 'kysely';
import type { AuditOutcome } from '../../schema/audit';

/** A line as it is stored; exactly this is what the chain hashes. */
export interface AuditRecord {
  id: number;
  at: string;
  actor_kind: string;
  actor_id: string;
  actor_name: string | null;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  outcome: AuditOutcome;
  correlation_id: string | null;
  address: string | null;
  detail: Record<string, unknown>;
}

/** With its place in the chain; null: not sealed yet. */
export interface ChainedAuditRecord extends AuditRecord {
  seq: number | null;
  hash: string | null;
}

/** `a` is audit_log. */
export const auditRecordColumns = sql`a.id, a.at, a.actor_kind, a.actor_id, a.actor_name, a.action, a.object_kind,
  a.object_id, a.outcome, a.correlation_id, a.address, a.detail`;

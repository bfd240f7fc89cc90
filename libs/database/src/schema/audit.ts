import type { Generated } from 'kysely';
import type { Instant, InstantDefault, JsonDefault } from './columns';

export type AuditOutcome = 'success' | 'failure' | 'denied';

export interface AuditLogTable {
  id: Generated<number>;
  at: InstantDefault;
  actor_kind: string;
  actor_id: string;
  actor_name: string | null;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  outcome: AuditOutcome;
  correlation_id: string | null;
  address: string | null;
  detail: JsonDefault<Record<string, unknown>>;
}

/** Lines of `audit_log` that do not stand in the chain yet. */
export interface AuditUnsealedTable {
  entry_id: number;
}

export interface AuditChainTable {
  seq: number;
  entry_id: number;
  /** Hexadecimal, like `hash`. */
  prev_hash: string;
  hash: string;
}

/** What was dropped from the beginning of the chain; written by `drop_audit_lines` alone. */
export interface AuditArchiveTable {
  seq: number;
  hash: string;
  after_seq: number;
  after_hash: string;
  entries: number;
  cut_off: Instant;
  at: Instant;
  kid: string;
  signature: string;
}

/** One row. How long every line stays at least; the owner's alone to write. */
export interface AuditRetentionFloorTable {
  one: Generated<boolean>;
  /** 0: for good. */
  days: number;
}

export interface AuditCheckpointsTable {
  seq: number;
  hash: string;
  at: Instant;
  kid: string;
  signature: string;
}

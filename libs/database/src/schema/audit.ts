import type { Generated } from 'kysely';
import type { InstantDefault, JsonDefault } from './columns';

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
  chain_id: string | null;
  seq: number | null;
  prev_hash: string | null;
  hash: string | null;
}

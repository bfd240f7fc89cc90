import type { Migration } from './migration';

/** Append-only by grant. chain_id, seq, prev_hash and hash are for the chain that each writing process keeps. */
export const audit: Migration = {
  name: '0006_audit',
  sql: `
CREATE TABLE viw.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT now(),
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  actor_name text,
  action text NOT NULL,
  object_kind text,
  object_id text,
  outcome text NOT NULL CHECK (outcome IN ('success', 'failure', 'denied')),
  correlation_id uuid,
  address text,
  detail jsonb NOT NULL DEFAULT '{}',
  chain_id text,
  seq bigint,
  prev_hash text,
  hash text,
  UNIQUE (chain_id, seq)
);
CREATE INDEX audit_log_at ON viw.audit_log (at DESC);
CREATE INDEX audit_log_object ON viw.audit_log (object_kind, object_id, id DESC);
CREATE INDEX audit_log_actor ON viw.audit_log (actor_id, id DESC);
`,
};

import type { Migration } from './migration';

export const rollouts: Migration = {
  name: '0030_rollouts',
  sql: `
-- Where one operation deploys to, and how far it is there. The server's name is kept as it was: the record outlives it.
CREATE TABLE viw.certificate_operation_targets (
  operation_id uuid NOT NULL REFERENCES viw.certificate_operations (id) ON DELETE CASCADE,
  virtual_host_id uuid NOT NULL,
  server_id uuid NOT NULL,
  server_name text NOT NULL,
  -- 0 is the canary.
  wave int NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'skipped')),
  detail text,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  PRIMARY KEY (operation_id, virtual_host_id)
);
`,
};

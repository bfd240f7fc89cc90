import type { Migration } from './migration';

/** Who has asked for work on a server: the worker that ends it writes that into the audit log. */
export const auditedWork: Migration = {
  name: '0055_audited_work',
  sql: `
ALTER TABLE viw.server_probes
  ADD COLUMN asked_by_kind text,
  ADD COLUMN asked_by_id text,
  ADD COLUMN asked_by_name text,
  ADD COLUMN correlation_id uuid;
ALTER TABLE viw.snippet_jobs
  ADD COLUMN asked_by_kind text,
  ADD COLUMN asked_by_id text,
  ADD COLUMN asked_by_name text,
  ADD COLUMN correlation_id uuid;
`,
};

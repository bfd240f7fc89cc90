import type { Migration } from './migration';

export const services: Migration = {
  name: '0052_services',
  sql: `
-- What serves the certificate of a virtual host, and what viw has NGINX include there.
ALTER TABLE viw.virtual_hosts
  ADD COLUMN kind text NOT NULL DEFAULT 'nginx' CHECK (kind IN ('nginx', 'haproxy', 'command')),
  ADD COLUMN haproxy jsonb,
  ADD COLUMN command jsonb,
  ADD COLUMN snippet jsonb,
  ADD CHECK ((kind = 'haproxy') = (haproxy IS NOT NULL)),
  ADD CHECK ((kind = 'command') = (command IS NOT NULL)),
  ADD CHECK (kind = 'nginx' OR snippet IS NULL);

-- The newest preview or application of a snippet, asked for by the backend and carried out by a cert-worker.
CREATE TABLE viw.snippet_jobs (
  virtual_host_id uuid PRIMARY KEY REFERENCES viw.virtual_hosts (id) ON DELETE CASCADE,
  -- Names the version on the server: one per request.
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('preview', 'apply')),
  force boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'done')),
  requested_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  attempts integer NOT NULL DEFAULT 0,
  result jsonb
);
CREATE INDEX snippet_jobs_open ON viw.snippet_jobs (requested_at) WHERE state <> 'done';
`,
};

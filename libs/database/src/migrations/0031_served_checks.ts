import type { Migration } from './migration';

export const servedChecks: Migration = {
  name: '0031_served_checks',
  sql: `
-- Whether what was proved to be served is served still: the newest look at each virtual host.
CREATE TABLE viw.served_checks (
  virtual_host_id uuid PRIMARY KEY REFERENCES viw.virtual_hosts (id) ON DELETE CASCADE,
  version_id uuid NOT NULL REFERENCES viw.certificate_versions (id),
  -- unknown: the server could not be asked.
  outcome text NOT NULL CHECK (outcome IN ('served', 'drifted', 'unknown')),
  detail text,
  -- Looks in a row with this outcome.
  looks int NOT NULL DEFAULT 1,
  checked_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Since when the outcome is this one.
  since timestamptz(3) NOT NULL DEFAULT now()
);
`,
};

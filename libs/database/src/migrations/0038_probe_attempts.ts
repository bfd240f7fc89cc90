import type { Migration } from './migration';

export const probeAttempts: Migration = {
  name: '0038_probe_attempts',
  sql: `
-- Since somebody last asked. What ends every worker that takes it up must not be taken up for ever.
ALTER TABLE viw.server_probes ADD COLUMN attempts integer NOT NULL DEFAULT 0;
`,
};

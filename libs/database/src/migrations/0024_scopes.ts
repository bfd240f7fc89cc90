import type { Migration } from './migration';

export const scopes: Migration = {
  name: '0024_scopes',
  sql: `
-- What the principal is narrowed to (libs/contracts, scope). Null: not narrowed.
ALTER TABLE viw.administrators ADD COLUMN scope jsonb;
ALTER TABLE viw.api_clients ADD COLUMN scope jsonb;
`,
};

import type { Migration } from './migration';

export const tokenKeyRotation: Migration = {
  name: '0042_token_key_rotation',
  sql: `
-- From when on a key signs, as the newest of those whose time has come. Until then it is published only, so that whoever verifies
-- tokens knows it in time.
ALTER TABLE viw.token_keys ADD COLUMN signs_from timestamptz(3) NOT NULL DEFAULT now();
UPDATE viw.token_keys SET signs_from = created_at;
`,
};

import type { Migration } from './migration';

export const identity: Migration = {
  name: '0026_identity',
  sql: `
-- The second factor (RFC 6238) of an administrator: sealed; it counts from its confirmation on. The newest time step whose
-- code was taken: no code is taken twice.
ALTER TABLE viw.administrators
  ADD COLUMN totp_sealed jsonb,
  ADD COLUMN totp_confirmed_at timestamptz(3),
  ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0;
`,
};

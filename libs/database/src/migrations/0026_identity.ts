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

-- Client certificates by which an API client is known: SHA-256 of the DER form, hexadecimal.
CREATE TABLE viw.api_client_certificates (
  sha256 text PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES viw.api_clients (id) ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX api_client_certificates_client ON viw.api_client_certificates (client_id);
`,
};

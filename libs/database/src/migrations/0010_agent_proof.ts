import type { Migration } from './migration';

export const agentProof: Migration = {
  name: '0010_agent_proof',
  sql: `
-- A client certificate is a credential too. It has no key of ours to keep: its SHA-256 is what hubs compare.
ALTER TABLE viw.gateway_credentials DROP CONSTRAINT gateway_credentials_kind_check;
ALTER TABLE viw.gateway_credentials
  ADD CONSTRAINT gateway_credentials_kind_check CHECK (kind IN ('sealing', 'signing', 'agent', 'certificate')),
  ALTER COLUMN public_jwk DROP NOT NULL,
  ADD COLUMN certificate_sha256 text CHECK (certificate_sha256 ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT gateway_credentials_value CHECK (
    (public_jwk IS NULL) = (kind = 'certificate') AND (certificate_sha256 IS NOT NULL) = (kind = 'certificate'));
-- One certificate opens one gateway.
CREATE UNIQUE INDEX gateway_credentials_certificate ON viw.gateway_credentials (certificate_sha256) WHERE active;
-- The last key of a kind, active or not: what tells a revoked gateway from a stranger.
CREATE INDEX gateway_credentials_newest ON viw.gateway_credentials (agent_id, kind, id DESC);

-- Set when its credentials are revoked, cleared by the next proof of identity that is registered for it.
ALTER TABLE viw.os_gateways ADD COLUMN revoked_at timestamptz(3);
`,
};

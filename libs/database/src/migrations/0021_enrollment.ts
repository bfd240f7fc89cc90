import type { Migration } from './migration';

export const enrollment: Migration = {
  name: '0021_enrollment',
  sql: `
-- Each opens enrolment as one gateway, once. Only its hash is kept; rows go 90 days after their expiry.
CREATE TABLE viw.enrollment_tokens (
  id uuid PRIMARY KEY,
  agent_id text NOT NULL REFERENCES viw.os_gateways (agent_id),
  token_hash text NOT NULL UNIQUE CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  used_from text,
  -- Superseded by a newer one, or closed by a revocation.
  voided_at timestamptz(3)
);
CREATE INDEX enrollment_tokens_open ON viw.enrollment_tokens (agent_id) WHERE used_at IS NULL AND voided_at IS NULL;

-- A key that the agent has renewed by itself is taken until then, beside the new one.
ALTER TABLE viw.gateway_credentials ADD COLUMN overlap_until timestamptz(3) CHECK (overlap_until IS NULL OR NOT active);
CREATE UNIQUE INDEX gateway_credentials_overlap ON viw.gateway_credentials (agent_id, kind)
  WHERE overlap_until IS NOT NULL;
`,
};

import type { Migration } from './migration';

export const certificates: Migration = {
  name: '0008_certificates',
  sql: `
CREATE TABLE viw.certificates (
  id uuid PRIMARY KEY,
  names text[] NOT NULL,
  issuer text NOT NULL,
  challenge text NOT NULL,
  key_type text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'active', 'failed', 'revoked')),
  current_version_id uuid,
  renew_at timestamptz(3),
  -- Rises with every claim of an operation of this certificate; a save with an older one is refused.
  fencing bigint NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  deleted_at timestamptz(3)
);
CREATE INDEX certificates_names ON viw.certificates USING gin (names);
ALTER TABLE viw.virtual_hosts ADD FOREIGN KEY (certificate_id) REFERENCES viw.certificates (id);

CREATE TABLE viw.certificate_operations (
  id uuid PRIMARY KEY,
  certificate_id uuid NOT NULL REFERENCES viw.certificates (id),
  kind text NOT NULL CHECK (kind IN ('issue', 'renew', 'deploy', 'revoke', 'rollback', 'check')),
  status text NOT NULL DEFAULT 'accepted' CHECK (status IN ('accepted', 'running', 'succeeded', 'failed')),
  parameters jsonb NOT NULL DEFAULT '{}',
  issued_by_kind text NOT NULL,
  issued_by_id text NOT NULL,
  issued_by_name text NOT NULL,
  correlation_id uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  error_code text,
  error_msg text,
  attempts int NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamptz(3),
  fencing bigint NOT NULL DEFAULT 0,
  -- ACME order, stored before any challenge is touched, resumed after a crash.
  order_url text,
  requeued_at timestamptz(3)
);
CREATE INDEX certificate_operations_certificate ON viw.certificate_operations (certificate_id, id DESC);
CREATE INDEX certificate_operations_open ON viw.certificate_operations (id) WHERE status IN ('accepted', 'running');

CREATE TABLE viw.certificate_operation_steps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id uuid NOT NULL REFERENCES viw.certificate_operations (id) ON DELETE CASCADE,
  step text NOT NULL,
  status text NOT NULL CHECK (status IN ('started', 'done', 'failed', 'skipped')),
  virtual_host_id uuid,
  detail text,
  duration_ms double precision,
  at timestamptz(3) NOT NULL
);
CREATE INDEX certificate_operation_steps_operation ON viw.certificate_operation_steps (operation_id, id);

CREATE TABLE viw.certificate_versions (
  id uuid PRIMARY KEY,
  certificate_id uuid NOT NULL REFERENCES viw.certificates (id),
  operation_id uuid REFERENCES viw.certificate_operations (id),
  cert_pem text NOT NULL,
  chain_pem text NOT NULL,
  private_key_sealed jsonb NOT NULL,
  serial text NOT NULL,
  fingerprint_sha256 text NOT NULL UNIQUE,
  issuer text NOT NULL,
  names text[] NOT NULL,
  not_before timestamptz(3) NOT NULL,
  not_after timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  revoked_at timestamptz(3)
);
CREATE INDEX certificate_versions_certificate ON viw.certificate_versions (certificate_id, id DESC);
ALTER TABLE viw.certificates ADD FOREIGN KEY (current_version_id) REFERENCES viw.certificate_versions (id);

CREATE TABLE viw.deployments (
  id uuid PRIMARY KEY,
  virtual_host_id uuid NOT NULL REFERENCES viw.virtual_hosts (id) ON DELETE CASCADE,
  certificate_id uuid NOT NULL REFERENCES viw.certificates (id),
  version_id uuid NOT NULL REFERENCES viw.certificate_versions (id),
  operation_id uuid REFERENCES viw.certificate_operations (id),
  proved_at timestamptz(3) NOT NULL,
  is_current boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX deployments_current ON viw.deployments (virtual_host_id) WHERE is_current;

CREATE TABLE viw.acme_accounts (
  id uuid PRIMARY KEY,
  directory_url text NOT NULL UNIQUE,
  key_sealed jsonb NOT NULL,
  account_url text,
  contact text[] NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
};

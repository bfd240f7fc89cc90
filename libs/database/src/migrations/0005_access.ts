import type { Migration } from './migration';

export const access: Migration = {
  name: '0005_access',
  sql: `
CREATE TABLE viw.administrators (
  id uuid PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email)),
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'auditor')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  last_sign_in_at timestamptz(3),
  disabled_at timestamptz(3)
);
CREATE UNIQUE INDEX administrators_email ON viw.administrators (lower(email));

-- Only hashes of the cookie's token and of the CSRF token are stored.
CREATE TABLE viw.sessions (
  token_hash text PRIMARY KEY,
  csrf_hash text NOT NULL,
  administrator_id uuid NOT NULL REFERENCES viw.administrators (id) ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  last_used_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  address text,
  user_agent text
);
CREATE INDEX sessions_administrator ON viw.sessions (administrator_id);
CREATE INDEX sessions_expiry ON viw.sessions (expires_at);

CREATE TABLE viw.api_clients (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'auditor')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  disabled_at timestamptz(3)
);

-- id is the public part of the key viw_<id>_<secret>; of the secret only a hash is stored.
CREATE TABLE viw.api_keys (
  id text PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES viw.api_clients (id) ON DELETE CASCADE,
  secret_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3)
);
CREATE INDEX api_keys_client ON viw.api_keys (client_id);

CREATE TABLE viw.revoked_tokens (
  jti text PRIMARY KEY,
  revoked_at timestamptz(3) NOT NULL DEFAULT now(),
  -- After the token's own expiry the row has no meaning.
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON viw.revoked_tokens (expires_at);

CREATE TABLE viw.idempotency_keys (
  principal text NOT NULL,
  key text NOT NULL,
  route text NOT NULL,
  request_hash text NOT NULL,
  response_status int,
  response_body jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_age ON viw.idempotency_keys (created_at);
`,
};

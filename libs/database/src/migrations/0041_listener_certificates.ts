import type { Migration } from './migration';

export const listenerCertificates: Migration = {
  name: '0041_listener_certificates',
  sql: `
ALTER TABLE viw.certificate_authorities DROP CONSTRAINT certificate_authorities_purpose_check;
ALTER TABLE viw.certificate_authorities ADD CONSTRAINT certificate_authorities_purpose_check
  CHECK (purpose IN ('root', 'gateway-agents', 'web-services'));

-- The certificate of the backends' own listener. Backends that are configured alike share a row; it is for them alone.
CREATE TABLE viw.listener_certificates (
  -- SHA-256 of issuer and names.
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{64}$'),
  names text[] NOT NULL,
  -- Counts the certificates; 0: there is none yet.
  version integer NOT NULL DEFAULT 0,
  -- Leaf and authorities below the root.
  pem text,
  -- Its private key (libs/secrets).
  sealed jsonb,
  not_after timestamptz(3),
  renew_at timestamptz(3),
  -- One backend at a time works on the next one. The fencing number grows with every claim.
  lease_until timestamptz(3),
  fencing bigint NOT NULL DEFAULT 0,
  -- In a row; the next attempt is not before.
  failures integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3),
  -- NULL in between: not before somebody has changed something.
  failure jsonb,
  -- An order under way at the CA, with the sealed key that it is for.
  order_url text,
  order_sealed jsonb,
  -- Validations under way: what is asked for -> {answer, holder}. Public.
  answers jsonb NOT NULL DEFAULT '{}',
  used_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK ((version = 0) = (pem IS NULL) AND (pem IS NULL) = (sealed IS NULL) AND (pem IS NULL) = (not_after IS NULL))
);

CREATE TABLE viw.listener_acme_accounts (
  directory_url text PRIMARY KEY,
  -- Its key.
  sealed jsonb NOT NULL,
  account_url text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
};

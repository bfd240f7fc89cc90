import type { Migration } from './migration';

export const privateCa: Migration = {
  name: '0033_private_ca',
  sql: `
-- viw's own certificate authorities, one of each purpose. The private key is sealed (libs/secrets).
CREATE TABLE viw.certificate_authorities (
  id uuid PRIMARY KEY,
  purpose text NOT NULL UNIQUE CHECK (purpose IN ('root', 'gateway-agents')),
  -- NULL: it signs for itself.
  issuer_id uuid REFERENCES viw.certificate_authorities (id),
  subject text NOT NULL,
  pem text NOT NULL,
  fingerprint_sha256 text NOT NULL UNIQUE CHECK (fingerprint_sha256 ~ '^[0-9a-f]{64}$'),
  not_before timestamptz(3) NOT NULL,
  not_after timestamptz(3) NOT NULL,
  sealed jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Its newest revocation list, DER; the number of the next one is higher. The digest is of what stands in it.
  crl bytea,
  crl_number bigint NOT NULL DEFAULT 0,
  crl_digest text,
  crl_this_update timestamptz(3),
  crl_next_update timestamptz(3),
  CHECK ((crl IS NULL) = (crl_number = 0))
);

-- Whether one is revoked stands in gateway_credentials, where hubs learn it from.
CREATE TABLE viw.issued_certificates (
  authority_id uuid NOT NULL REFERENCES viw.certificate_authorities (id),
  serial text NOT NULL CHECK (serial ~ '^[0-9a-f]{32}$'),
  agent_id text NOT NULL REFERENCES viw.os_gateways (agent_id),
  fingerprint_sha256 text NOT NULL UNIQUE CHECK (fingerprint_sha256 ~ '^[0-9a-f]{64}$'),
  -- Of the SubjectPublicKeyInfo: a request that is made twice is answered by one certificate.
  key_sha256 text NOT NULL CHECK (key_sha256 ~ '^[0-9a-f]{64}$'),
  pem text NOT NULL,
  not_before timestamptz(3) NOT NULL,
  not_after timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (authority_id, serial)
);
CREATE INDEX issued_certificates_agent ON viw.issued_certificates (agent_id);
CREATE INDEX issued_certificates_expiry ON viw.issued_certificates (not_after);
CREATE INDEX gateway_credentials_any_certificate ON viw.gateway_credentials (certificate_sha256)
  WHERE certificate_sha256 IS NOT NULL;
`,
};

import type { Migration } from './migration';

export const serviceCertificates: Migration = {
  name: '0045_service_certificates',
  sql: `
-- Several authorities of one purpose, one after the other: the present one issues, those before it answer for what they have issued.
ALTER TABLE viw.certificate_authorities
  DROP CONSTRAINT certificate_authorities_purpose_key,
  DROP CONSTRAINT certificate_authorities_purpose_check,
  ADD CONSTRAINT certificate_authorities_purpose_check CHECK (purpose IN
    ('root', 'gateway-agents', 'web-services', 'services', 'database-services')),
  ADD COLUMN superseded_at timestamptz(3);
CREATE UNIQUE INDEX certificate_authorities_present ON viw.certificate_authorities (purpose) WHERE superseded_at IS NULL;

-- What people have had issued by the private authorities. What gateways have stands in issued_certificates.
CREATE TABLE viw.service_certificates (
  id uuid PRIMARY KEY,
  authority_id uuid NOT NULL REFERENCES viw.certificate_authorities (id),
  serial text NOT NULL CHECK (serial ~ '^[0-9a-f]{32}$'),
  profile text NOT NULL,
  subject text NOT NULL,
  -- Subject alternative names, as they were asked for.
  names text[] NOT NULL,
  fingerprint_sha256 text NOT NULL UNIQUE CHECK (fingerprint_sha256 ~ '^[0-9a-f]{64}$'),
  pem text NOT NULL,
  not_before timestamptz(3) NOT NULL,
  not_after timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  revoked_at timestamptz(3),
  revocation_reason text CHECK (revocation_reason IN
    ('keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation')),
  UNIQUE (authority_id, serial),
  CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL))
);
CREATE INDEX service_certificates_expiry ON viw.service_certificates (not_after);
`,
};

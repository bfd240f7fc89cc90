import type { Migration } from './migration';

export const dnsProviders: Migration = {
  name: '0046_dns_providers',
  sql: `
-- Who can change which zones. The secret is sealed (libs/secrets) and opened by the cert-worker alone.
CREATE TABLE viw.dns_providers (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('rfc2136', 'cloudflare', 'route53', 'acme-dns', 'webhook', 'manual')),
  zones text[] NOT NULL DEFAULT '{}',
  settings jsonb NOT NULL,
  sealed jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK ((kind = 'manual') = (sealed IS NULL))
);
-- Null: each name by the provider whose zone fits best.
ALTER TABLE viw.certificates ADD COLUMN dns_provider_id uuid REFERENCES viw.dns_providers (id);

-- TXT records that a person is to set. The operation that waits for them is held by no worker.
CREATE TABLE viw.manual_records (
  operation_id uuid NOT NULL REFERENCES viw.certificate_operations (id) ON DELETE CASCADE,
  name text NOT NULL,
  record text NOT NULL,
  value text NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'shown', 'confirmed', 'done')),
  expires_at timestamptz(3) NOT NULL,
  looked_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (operation_id, record, value)
);
`,
};

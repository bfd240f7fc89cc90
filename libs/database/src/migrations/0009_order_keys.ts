import type { Migration } from './migration';

export const orderKeys: Migration = {
  name: '0009_order_keys',
  sql: `
-- Private key made for an ACME order that is under way, stored before the order is finalized: without it a certificate
-- issued just before a crash is lost. A table of its own, because the backend reads the operations. Gone with their end.
CREATE TABLE viw.certificate_order_keys (
  operation_id uuid PRIMARY KEY REFERENCES viw.certificate_operations (id) ON DELETE CASCADE,
  order_url text NOT NULL,
  private_key_sealed jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
};

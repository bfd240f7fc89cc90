import type { Migration } from './migration';

export const servers: Migration = {
  name: '0007_servers',
  sql: `
CREATE TABLE viw.ssh_credentials (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  username text NOT NULL,
  -- Envelope-encrypted private key and passphrase.
  sealed jsonb NOT NULL,
  public_fingerprint text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE viw.nginx_servers (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  host text NOT NULL,
  ssh_port int NOT NULL,
  ssh_credential_id uuid NOT NULL REFERENCES viw.ssh_credentials (id),
  -- Null: nothing is deployed until a person has confirmed one.
  host_key_fingerprint text,
  test_command jsonb NOT NULL,
  reload_command jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE viw.virtual_hosts (
  id uuid PRIMARY KEY,
  server_id uuid NOT NULL REFERENCES viw.nginx_servers (id),
  server_names text[] NOT NULL,
  cert_dir text NOT NULL,
  listeners jsonb NOT NULL,
  certificate_id uuid,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (server_id, cert_dir)
);
CREATE INDEX virtual_hosts_certificate ON viw.virtual_hosts (certificate_id);
`,
};

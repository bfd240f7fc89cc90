import type { Migration } from './migration';

export const serverAccess: Migration = {
  name: '0032_server_access',
  sql: `
-- Reached through another registered server. It has to be there first, and is never changed: no circle can be made.
ALTER TABLE viw.nginx_servers ADD COLUMN jump_server_id uuid REFERENCES viw.nginx_servers (id);

-- What the handshakes of the proof have shown, by listener.
ALTER TABLE viw.deployments ADD COLUMN proof jsonb;

-- What was found on a server when somebody last asked: the host key that it offers and, where that one is confirmed, its NGINX.
CREATE TABLE viw.server_probes (
  server_id uuid PRIMARY KEY REFERENCES viw.nginx_servers (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'done')),
  requested_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  result jsonb
);
CREATE INDEX server_probes_open ON viw.server_probes (requested_at) WHERE state <> 'done';
`,
};

import type { Migration } from './migration';

export const challengeFiles: Migration = {
  name: '0047_challenge_files',
  sql: `
ALTER TABLE viw.virtual_hosts ADD COLUMN web_root text CHECK (web_root LIKE '/%');
ALTER TABLE viw.certificates ADD COLUMN http_via text NOT NULL DEFAULT 'responder'
  CHECK (http_via IN ('responder', 'server'));

-- Written before a file is put on a server, deleted after it has been removed: what a dead worker leaves is found here.
CREATE TABLE viw.challenge_files (
  server_id uuid NOT NULL REFERENCES viw.nginx_servers (id) ON DELETE CASCADE,
  web_root text NOT NULL,
  token text NOT NULL,
  -- Past this the validation is over, whatever became of it.
  expires_at timestamptz(3) NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  PRIMARY KEY (server_id, web_root, token)
);
CREATE INDEX challenge_files_expiry ON viw.challenge_files (expires_at);
`,
};

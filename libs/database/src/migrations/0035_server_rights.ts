import type { Migration } from './migration';

export const serverRights: Migration = {
  name: '0035_server_rights',
  sql: `
-- Whose rights put files into service there: those of the user who signs in, or root's by sudo and its installer.
ALTER TABLE viw.nginx_servers ADD COLUMN rights text NOT NULL DEFAULT 'own' CHECK (rights IN ('own', 'sudo'));
`,
};

import type { Migration } from './migration';

export const authorityConfirmation: Migration = {
  name: '0067_authority_confirmation',
  sql: `
-- The request once more, sealed under the key-encryption key by the cert-worker that made it: the root certifies nothing that somebody
-- has only written here (docs/adr/0034). NULL: asked for before this column; the worker that holds the key confirms it.
ALTER TABLE viw.authority_requests ADD COLUMN request_sealed jsonb;
`,
};

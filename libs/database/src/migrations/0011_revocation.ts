import type { Migration } from './migration';

export const revocation: Migration = {
  name: '0011_revocation',
  sql: `
-- From here on \`revoked_at\` says that a credential was revoked and never counts again; one that has only made room for
-- the next one has \`replaced_at\`. Which of the two it was for those of before nobody knows: they count as revoked.
ALTER TABLE viw.gateway_credentials ADD COLUMN replaced_at timestamptz(3);

-- A revocation or freeze does not queue behind the commands that it is to stop.
CREATE INDEX outbox_unpublished_registry ON viw.outbox (id)
  WHERE published_at IS NULL AND stream = 'viw.gateway_registry';
`,
};

import type { Migration } from './migration';

export const externalIdentity: Migration = {
  name: '0044_external_identity',
  sql: `
-- Whom an identity provider means by (issuer, subject). Without a password hash nobody signs in here by password.
ALTER TABLE viw.administrators
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD COLUMN oidc_issuer text,
  ADD COLUMN oidc_subject text,
  ADD CONSTRAINT administrators_identity CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL)),
  ADD CONSTRAINT administrators_way_in CHECK (password_hash IS NOT NULL OR oidc_subject IS NOT NULL);
CREATE UNIQUE INDEX administrators_oidc ON viw.administrators (oidc_issuer, oidc_subject);

-- Sign-ins that a browser has begun at the provider and not come back from. Of the browser's token only a hash is stored; what
-- was sent to the provider follows from the token. Each row is taken once.
CREATE TABLE viw.oidc_sign_ins (
  token_hash text PRIMARY KEY,
  return_to text NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX oidc_sign_ins_expiry ON viw.oidc_sign_ins (expires_at);
`,
};

import type { Migration } from './migration';

export const tokenKeys: Migration = {
  name: '0037_token_keys',
  sql: `
-- What signs the API's tokens. Sealed (libs/secrets), and for the backend alone: whoever else has the key-encryption key
-- must not be able to make a token.
CREATE TABLE viw.token_keys (
  kid text PRIMARY KEY,
  sealed jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
};

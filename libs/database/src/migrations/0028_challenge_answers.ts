import type { Migration } from './migration';

export const challengeAnswers: Migration = {
  name: '0028_challenge_answers',
  sql: `
-- What validations under way are to be answered with: the CA's request may reach any worker, not only the one that
-- ordered. Nothing in it is secret. Rows of a worker that died go with their time.
CREATE TABLE viw.challenge_answers (
  type text NOT NULL CHECK (type IN ('http-01', 'tls-alpn-01')),
  -- What the CA asks for: the token of http-01, the server name of tls-alpn-01.
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 256),
  key_authorization text NOT NULL CHECK (length(key_authorization) < 1024),
  -- The worker that presented it last; a predecessor that wakes up late takes nothing away.
  holder text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (type, key)
);
CREATE INDEX challenge_answers_expiry ON viw.challenge_answers (expires_at);
`,
};

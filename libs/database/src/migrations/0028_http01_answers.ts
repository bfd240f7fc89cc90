import type { Migration } from './migration';

export const http01Answers: Migration = {
  name: '0028_http01_answers',
  sql: `
-- What HTTP-01 validations under way are to be answered with: the CA's request may reach any worker, not only the one
-- that ordered. Nothing in it is secret. Rows of a worker that died go with their time.
CREATE TABLE viw.http01_answers (
  token text PRIMARY KEY CHECK (token ~ '^[A-Za-z0-9_-]+$' AND length(token) BETWEEN 22 AND 256),
  key_authorization text NOT NULL CHECK (length(key_authorization) < 1024),
  -- The worker that presented it last; a predecessor that wakes up late takes nothing away.
  holder text NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX http01_answers_expiry ON viw.http01_answers (expires_at);
`,
};

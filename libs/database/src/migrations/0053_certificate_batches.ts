import type { Migration } from './migration';

export const certificateBatches: Migration = {
  name: '0053_certificate_batches',
  sql: `
-- Operations that were ordered together. The first of them is the canary of all: no other begins before it has succeeded,
-- and none begins after one has failed.
ALTER TABLE viw.certificate_operations
  ADD COLUMN batch_id uuid,
  ADD COLUMN batch_position int CHECK (batch_position >= 0),
  ADD CHECK ((batch_id IS NULL) = (batch_position IS NULL));
CREATE UNIQUE INDEX certificate_operations_batch ON viw.certificate_operations (batch_id, batch_position)
  WHERE batch_id IS NOT NULL;
`,
};

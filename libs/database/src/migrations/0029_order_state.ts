import type { Migration } from './migration';

export const orderState: Migration = {
  name: '0029_order_state',
  sql: `
-- How far the order of an operation has come. It tells people; what resumes an order asks the CA, which alone knows.
ALTER TABLE viw.certificate_operations ADD COLUMN order_state text
  CHECK (order_state IN ('ordered', 'authorising', 'ready', 'finalising', 'issued', 'stored'));
`,
};

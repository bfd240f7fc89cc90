import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verbReference } from './verb-reference';

test('docs/reference/verbs.md is current', () => {
  const file = join(__dirname, '../../../docs/reference/verbs.md');
  // To renew it: replace the file by what is received here.
  expect(verbReference()).toBe(readFileSync(file, 'utf8'));
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../program';
import { commandReference } from './command-reference';

test('docs/reference/command-line.md is current', () => {
  const program = buildProgram(() => Promise.reject(new Error('nothing is run')));
  const file = join(__dirname, '../../../../docs/reference/command-line.md');
  // To renew it: replace the file by what is received here.
  expect(commandReference(program)).toBe(readFileSync(file, 'utf8'));
});

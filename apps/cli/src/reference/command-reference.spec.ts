import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buildProgram } from '../command-line';
import { Terminal } from '../terminal/terminal';
import { commandReference } from './command-reference';

test('docs/reference/command-line.md is current', () => {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const program = buildProgram(() => Promise.reject(new Error('nothing is run')), new Terminal(streams));
  const file = join(__dirname, '../../../../docs/reference/command-line.md');
  // To renew it: replace the file by what is received here.
  expect(commandReference(program)).toBe(readFileSync(file, 'utf8'));
});

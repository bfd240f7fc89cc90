#!/usr/bin/env node
import { runCommandLine } from './command-line';

// Whoever reads has gone away, such as `head`: there is nobody to tell.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));

void runCommandLine(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: () => void process.kill(process.pid, 'SIGINT'),
}).then((status) => {
  process.exitCode = status;
});

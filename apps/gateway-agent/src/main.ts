import { AppError } from '@viw/runtime';
import { version } from '../package.json';
import type { Command } from './cli/command-io';
import { doctorCommand } from './cli/doctor-command';
import { enrollCommand } from './cli/enroll-command';
import { help } from './cli/help';
import { renewCommand } from './cli/renew-command';
import { runCommand } from './cli/run-command';
import { statusCommand } from './cli/status-command';

const commands: Readonly<Record<string, Command>> = {
  enroll: enrollCommand,
  renew: renewCommand,
  status: statusCommand,
  doctor: doctorCommand,
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** sysexits(3) EX_USAGE: the command line is wrong. */
const EXIT_USAGE = 64;

/** Its message may quote what it was about. */
const unexpected = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.name : 'unknown reason');

async function main([first, ...rest]: readonly string[]): Promise<void> {
  if (first === 'help' || [first, ...rest].includes('--help')) return print(help.trimEnd());
  if (first === '--version') return print(version);
  if (first === undefined || first.startsWith('--'))
    return runCommand(first === undefined ? [] : [first, ...rest]);
  if (first === 'run') return runCommand(rest);
  const command = commands[first];
  if (command === undefined) throw new AppError('BAD_REQUEST', 'unknown command; see viw-agent --help');
  process.exitCode = await command(rest, { print });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof AppError;
  process.stderr.write(`viw-agent: ${known ? error.message : `failed: ${unexpected(error)}`}\n`);
  process.exitCode = known && error.code === 'BAD_REQUEST' ? EXIT_USAGE : 1;
});

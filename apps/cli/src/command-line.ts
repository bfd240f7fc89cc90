import { CommanderError, type Command } from 'commander';
import type { Variables } from './config';
import { asCaller } from './connection/as-caller';
import { exitStatus, type ExitStatus } from './exit-status';
import { failureOf } from './failure';
import { buildProgram } from './program';
import { Reporter } from './terminal/reporter';
import { Terminal, type TerminalDeps } from './terminal/terminal';
import { usageError } from './usage-error';

export interface Surroundings extends TerminalDeps {
  readonly env: Variables;
}

/** @param argv without the program's own name @returns the exit status; never rejects */
export async function runCommandLine(argv: readonly string[], around: Surroundings): Promise<ExitStatus> {
  const { env, stdout, stderr } = around;
  const terminal = new Terminal(around);
  let report = new Reporter({ json: argv.includes('--json') }, around);
  let status: ExitStatus = exitStatus.ok;
  const program = buildProgram(async ({ json, caller }, work) => {
    report = new Reporter({ json }, around);
    status = await asCaller(caller, { env, terminal }, (client) => work({ client, report, terminal }));
  });
  const talk = {
    writeOut: (text: string) => void stdout.write(text),
    writeErr: (text: string) => void stderr.write(text),
    outputError: (text: string) => report.fail(usageError(text)),
  };
  for (const command of allOf(program)) command.exitOverride().configureOutput(talk);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
    const failure = failureOf(error);
    report.fail(failure);
    return failure.exit;
  } finally {
    terminal.close();
  }
}

const allOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(allOf)];

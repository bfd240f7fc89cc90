import { Command, CommanderError } from 'commander';
import type { Client } from '@viw/client';
import { version } from '../package.json';
import { auditGroup } from './commands/audit';
import { caGroup } from './commands/ca';
import { certsGroup } from './commands/certs';
import { commandsGroup } from './commands/commands';
import { freezeGroup } from './commands/freeze';
import { gatewaysGroup } from './commands/gateways';
import { serversGroup } from './commands/servers';
import { statusGroup } from './commands/status';
import { loadSettings } from './config';
import { connectApi } from './connection/api-connection';
import { exitStatus, exitStatusText, type ExitStatus } from './exit-status';
import { failureOf } from './failure';
import type { Action, CommandGroup } from './invocation';
import { Reporter } from './terminal/reporter';
import { usageError } from './usage-error';
import { Terminal, type TerminalDeps } from './terminal/terminal';

/** In the order of the help. */
const groups: readonly CommandGroup[] = [
  ...[statusGroup, gatewaysGroup, commandsGroup, freezeGroup],
  ...[certsGroup, serversGroup, caGroup, auditGroup],
];

export interface Surroundings extends TerminalDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Perform = (
  json: boolean,
  work: (client: Client, report: Reporter) => Promise<ExitStatus>,
) => Promise<void>;

/** Every command, none of them run yet. */
export function buildProgram(perform: Perform, terminal: Terminal): Command {
  const program = new Command('viw')
    .description('the command line of a viw control plane')
    .version(version, '--version')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `\nSettings: VIW_URL, VIW_API_KEY or VIW_API_KEY_FILE, VIW_CA_FILE.\n\nExit status:\n${Object.entries(
        exitStatusText,
      )
        .map(([status, text]) => `  ${status}  ${text}`)
        .join('\n')}`,
    );
  const define = <Args extends readonly unknown[], Options>(
    command: Command,
    action: Action<Args, Options>,
  ): void => {
    command.option('--json', 'for programs: one JSON document').action(async () => {
      const { json = false, ...options } = command.opts<{ json?: boolean }>();
      await perform(json, async (client, report) => {
        const args = command.processedArgs as unknown as Args;
        return (await action({ client, report, terminal }, args, options as Options)) ?? exitStatus.ok;
      });
    });
  };
  for (const group of groups) group(program, define);
  for (const group of program.commands) group.helpCommand(false);
  return program;
}

/** @param argv without the program's own name @returns the exit status; never rejects */
export async function runCommandLine(argv: readonly string[], around: Surroundings): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.ok;
  const perform: Perform = async (json, work) => {
    const report = new Reporter({ json }, around);
    let close = async (): Promise<void> => undefined;
    try {
      const connection = connectApi(loadSettings(around.env));
      close = () => connection.close();
      status = await work(connection.client, report);
    } catch (error) {
      const failure = failureOf(error);
      report.fail(failure);
      status = failure.exit;
    } finally {
      await close();
    }
  };
  const program = buildProgram(perform, new Terminal(around));
  const json = argv.includes('--json');
  talkThrough(program, around, (text) => new Reporter({ json }, around).fail(usageError(text)));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  }
  return status;
}

/** Of the program and every command in it: errors are thrown, and told where everything else is. */
function talkThrough(
  command: Command,
  { stdout, stderr }: TerminalDeps,
  refuse: (text: string) => void,
): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    outputError: refuse,
  });
  for (const child of command.commands) talkThrough(child, { stdout, stderr } as TerminalDeps, refuse);
}

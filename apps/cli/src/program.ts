import { Command } from 'commander';
import { version } from '../package.json';
import { auditGroup } from './commands/audit';
import { approvalsGroup } from './commands/approvals';
import { caGroup } from './commands/ca';
import { certsGroup } from './commands/certs';
import { commandsGroup } from './commands/commands';
import { freezeGroup } from './commands/freeze';
import { gatewaysGroup } from './commands/gateways';
import { serversGroup } from './commands/servers';
import { statusGroup } from './commands/status';
import { verbPoliciesGroup } from './commands/verb-policies';
import { exitStatus, exitStatusText, type ExitStatus } from './exit-status';
import type { Action, Caller, CommandGroup, Invocation } from './invocation';

/** In the order of the help. */
const groups: readonly CommandGroup[] = [
  ...[statusGroup, gatewaysGroup, commandsGroup, approvalsGroup, verbPoliciesGroup, freezeGroup],
  ...[certsGroup, serversGroup, caGroup, auditGroup],
];

/** Runs one command. @param work given the client of who asks */
export type Perform = (
  how: { readonly json: boolean; readonly caller: Caller },
  work: (invocation: Invocation) => Promise<ExitStatus>,
) => Promise<void>;

const after = `
Settings: VIW_URL, VIW_API_KEY or VIW_API_KEY_FILE, VIW_CA_FILE.

Exit status:
${Object.entries(exitStatusText)
  .map(([status, text]) => `  ${status}  ${text}`)
  .join('\n')}`;

/** Every command, none of them run yet. */
export function buildProgram(perform: Perform): Command {
  const program = new Command('viw')
    .description('the command line of a viw control plane')
    .version(version, '--version')
    .helpCommand(false)
    .addHelpText('after', after);
  const define = <Args extends readonly unknown[], Options>(
    command: Command,
    action: Action<Args, Options>,
    caller: Caller = 'client',
  ): void => {
    command.option('--json', 'for programs: one JSON document').action(async () => {
      const { json = false, ...options } = command.opts<{ json?: boolean }>();
      const args = command.processedArgs as unknown as Args;
      await perform(
        { json, caller },
        async (invocation) => (await action(invocation, args, options as Options)) ?? exitStatus.ok,
      );
    });
  };
  for (const group of groups) group(program, define);
  for (const group of program.commands) group.helpCommand(false);
  return program;
}

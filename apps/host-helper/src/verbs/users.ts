import type { VerbArguments } from '@viw/commands';
import type { ActionContext, ActionOutcome, Executor } from './executor';
import { listOutcome } from './list-outcome';
import { scriptOutcome } from './script-outcome';
import type { Scripts } from './scripts';

async function runScript(
  scripts: Scripts,
  name: string,
  argv: readonly string[],
  { deadline }: ActionContext,
): Promise<ActionOutcome> {
  return scriptOutcome(await scripts.run(name, argv, deadline), argv);
}

/** The password is visible in the process list while the script runs: it takes it as an argument only. */
export const createPanelUser = (scripts: Scripts): Executor => ({
  available: () => scripts.has('add_user.sh'),
  run: (args, context) => {
    const { username, password } = args as VerbArguments<'create_panel_user'>;
    return runScript(scripts, 'add_user.sh', [username, password], context);
  },
});

/** As above. */
export const createOpenvpnUser = (scripts: Scripts): Executor => ({
  available: () => scripts.has('add_vpn_user.sh'),
  run: (args, context) => {
    const { username, userpass, source_ip, key, hmac_key, timeout } =
      args as VerbArguments<'create_openvpn_user'>;
    const argv = [username, userpass, source_ip, key, hmac_key, String(timeout)];
    return runScript(scripts, 'add_vpn_user.sh', argv, context);
  },
});

/**
 * Takes all access away: both scripts get their turn, and a failure of either is a failure. That one of them does not
 * know the user is none; that neither does is NOT_FOUND.
 */
export const deleteUser = (scripts: Scripts): Executor => ({
  available: () => scripts.has('delete_user.sh'),
  run: async (args, context) => {
    const { username } = args as VerbArguments<'delete_user'>;
    const panel = await runScript(scripts, 'delete_user.sh', [username], context);
    if (!(await scripts.has('delete_vpn_user.sh'))) return panel;
    const vpn = await runScript(scripts, 'delete_vpn_user.sh', [username], context);
    const both = [panel, vpn];
    const failed =
      both.find(({ status, error }) => status !== 'success' && error?.code !== 'NOT_FOUND') ??
      (both.every(({ status }) => status !== 'success') ? panel : undefined);
    return {
      ...(failed ?? both.find(({ status }) => status === 'success') ?? panel),
      stdout: panel.stdout + vpn.stdout,
      stderr: panel.stderr + vpn.stderr,
      stdoutCut: panel.stdoutCut || vpn.stdoutCut,
      stderrCut: panel.stderrCut || vpn.stderrCut,
    };
  },
});

/** `list_users.sh` prints one name a line. Only what it writes to stderr counts as words of failure: the rest are names. */
export const listUsers = (scripts: Scripts): Executor => ({
  available: () => scripts.has('list_users.sh'),
  run: async (_args, { deadline }) => {
    const result = await scripts.run('list_users.sh', [], deadline);
    const outcome = scriptOutcome({ ...result, stdout: '' }, []);
    if (outcome.status !== 'success') return outcome;
    // A name that was cut off is none.
    const printed = result.stdoutCut
      ? result.stdout.slice(0, result.stdout.lastIndexOf('\n') + 1)
      : result.stdout;
    const names = printed.split('\n').map((line) => line.trim());
    return {
      ...listOutcome('users', names.filter(Boolean), { cut: result.stdoutCut }),
      stderr: result.stderr,
    };
  },
});

import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parseResult } from '@viw/commands';
import type { HelperClient } from '@viw/commands';

/** Service name → systemd's word (`active`, `inactive`, `failed`, ...), or `unknown`. */
export type ServiceStates = Record<string, string>;

export interface ServiceStateSource {
  read(services: readonly string[]): Promise<ServiceStates>;
}

const run = promisify(execFile);
const TIMEOUT_MS = 5_000;
const WORD = /^[a-z-]{1,32}$/;

/** True where systemd is the running init (sd_booted(3)). */
export const hasSystemd = (): Promise<boolean> =>
  access('/run/systemd/system').then(
    () => true,
    () => false,
  );

/** Asks systemd directly; needs no privilege. */
export const systemdStates: ServiceStateSource = {
  async read(services) {
    // One line per unit, in the order asked; exit status 3 when any is not active.
    const { stdout } = await run('systemctl', ['is-active', '--', ...services], {
      timeout: TIMEOUT_MS,
      env: { PATH: '/usr/bin:/bin', LANG: 'C' },
    }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
    const words = stdout.trim().split('\n');
    return Object.fromEntries(
      services.map((name, index) => [name, WORD.test(words[index] ?? '') ? (words[index] ?? '') : 'unknown']),
    );
  },
};

/** Asks the host helper: the agent may sit in a container without systemd. */
export const helperStates = (helper: Pick<HelperClient, 'call'>): ServiceStateSource => ({
  async read(services) {
    const reply = await helper.call({ verb: 'get_service_status', timeoutMs: TIMEOUT_MS });
    const known = reply.status === 'success' ? parseResult('get_service_status', reply.stdout).services : {};
    return Object.fromEntries(services.map((name) => [name, known[name] ?? 'unknown']));
  },
});

export const unknownStates: ServiceStateSource = {
  read: async (services) => Object.fromEntries(services.map((name) => [name, 'unknown'])),
};

import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceStateSource } from './service-states';

/** Services whose program is not called like them. */
const programOf: Readonly<Record<string, string>> = { fwknop: 'fwknopd', ssh: 'sshd' };

/** The kernel keeps 15 characters of a process's name (proc_pid_comm(5)). */
const NAME_LENGTH = 15;

export interface ProcessStatesOptions {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Where pid files lie. Default `/run`. */
  readonly runRoot?: string;
}

/**
 * What the process table tells where systemd does not run. A pid file decides: `active` or `failed`. Without one, a
 * process of that name is `active`, and `unknown` is all that can be said of the rest.
 */
export const processStates = ({
  procRoot = '/proc',
  runRoot = '/run',
}: ProcessStatesOptions = {}): ServiceStateSource => ({
  async read(services) {
    const running = await processNames(procRoot);
    const stateOf = async (service: string): Promise<string> => {
      const program = programOf[service] ?? service;
      const pid = await pidFromFile([
        join(runRoot, `${program}.pid`),
        join(runRoot, service, `${program}.pid`),
      ]);
      if (pid !== undefined) return (await isThere(join(procRoot, String(pid)))) ? 'active' : 'failed';
      return running.has(program.slice(0, NAME_LENGTH)) ? 'active' : 'unknown';
    };
    return Object.fromEntries(
      await Promise.all(services.map(async (name): Promise<[string, string]> => [name, await stateOf(name)])),
    );
  },
});

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function pidFromFile(paths: readonly string[]): Promise<number | undefined> {
  for (const path of paths) {
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (Number.isInteger(pid) && pid > 0) return pid;
  }
  return undefined;
}

async function processNames(procRoot: string): Promise<Set<string>> {
  const pids = (await readdir(procRoot)).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(
    pids.map((pid) => readFile(join(procRoot, pid, 'comm'), 'utf8').catch(() => '')),
  );
  return new Set(names.map((name) => name.trim()));
}

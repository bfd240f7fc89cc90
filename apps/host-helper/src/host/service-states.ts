import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { exec } from '../exec';

/** sd_booted(3) */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system');

/** Services whose program is not called like them. */
const programOf: Readonly<Record<string, string>> = { fwknop: 'fwknopd', ssh: 'sshd', cron: 'cron' };

/** The kernel keeps 15 characters of a process's name. */
const NAME_LENGTH = 15;

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** What the services on the allowlist do: systemd's word, or what the process table tells. */
export class ServiceStates {
  readonly #services: readonly string[];

  constructor({ services }: { services: readonly string[] }) {
    this.#services = services;
  }

  /** Name → state. `unknown` where neither systemd, nor a pid file, nor a process says anything. */
  async read(): Promise<Record<string, string>> {
    if (this.#services.length === 0) return {};
    const states = systemdRuns() ? await this.#askSystemd() : await this.#askProcesses();
    return Object.fromEntries(this.#services.map((service, index) => [service, states[index] ?? 'unknown']));
  }

  /** One line per unit in the order asked for; the exit status only tells whether all are active. */
  async #askSystemd(): Promise<string[]> {
    const { stdout } = await exec({
      file: 'systemctl',
      argv: ['is-active', '--', ...this.#services],
      cwd: tmpdir(),
      timeoutMs: 5_000,
      outputBytes: 16 * 1_024,
    }).catch(() => ({ stdout: '' }));
    return stdout.split('\n').map((line) => (/^[a-z-]{1,32}$/.test(line) ? line : 'unknown'));
  }

  async #askProcesses(): Promise<string[]> {
    const running = await processNames();
    return Promise.all(
      this.#services.map(async (service) => {
        const program = programOf[service] ?? service;
        const pid = await pidFromFile(service, program);
        if (pid !== undefined) return alive(pid) ? 'active' : 'failed';
        return running.has(program.slice(0, NAME_LENGTH)) ? 'active' : 'unknown';
      }),
    );
  }
}

async function pidFromFile(service: string, program: string): Promise<number | undefined> {
  for (const path of [`/run/${program}.pid`, `/run/${service}/${program}.pid`]) {
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (Number.isInteger(pid) && pid > 0) return pid;
  }
  return undefined;
}

async function processNames(): Promise<Set<string>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return new Set(names.map((name) => name.trim()));
}

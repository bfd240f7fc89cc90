import { AppError } from '@viw/runtime';
import type { ExecOptions, ExecResult } from '../execution/run-program';

/** Time for the answer to reach the agent that is restarted, seconds. */
const RESTART_DELAY_S = 2;
const OUTPUT_BYTES = 4_096;

export interface ServiceManagerOptions {
  /** Services that may be reloaded. */
  readonly services: readonly string[];
  /** The agent's own unit. */
  readonly agentUnit: string;
  /** Programs of systemd; those in the fixed PATH by default. */
  readonly systemctl?: string;
  readonly systemdRun?: string;
}

export interface ServiceManagerDeps {
  readonly exec: (options: Omit<ExecOptions, 'cwd'>) => Promise<ExecResult>;
}

/** Services of this host, through systemd's own programs with a fixed argv. */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #systemctl: string;

  constructor(
    options: ServiceManagerOptions,
    private readonly deps: ServiceManagerDeps,
  ) {
    this.#options = options;
    this.#systemctl = options.systemctl ?? 'systemctl';
  }

  get services(): readonly string[] {
    return this.#options.services;
  }

  /**
   * @returns systemd's word for its state afterwards
   * @throws AppError PERMISSION_DENIED, EXEC_TIMEOUT, INTERNAL_ERROR when systemd refuses
   */
  async reload(service: string, deadline: number): Promise<string> {
    if (!this.#options.services.includes(service))
      throw new AppError('PERMISSION_DENIED', 'the service is not on this host’s list');
    await this.#run(this.#systemctl, ['reload', '--', service], deadline);
    const { stdout } = await this.#exec(this.#systemctl, ['is-active', '--', service], deadline);
    return /^[a-z-]{1,32}$/.exec(stdout.trim())?.[0] ?? 'unknown';
  }

  /**
   * Within moments, but not before the answer is out: systemd's timer restarts it, whatever becomes of us.
   * @throws AppError EXEC_TIMEOUT, INTERNAL_ERROR when systemd refuses
   */
  async restartAgentSoon(deadline: number): Promise<void> {
    const timer = [
      '--quiet',
      '--collect',
      `--on-active=${RESTART_DELAY_S}s`,
      '--timer-property=AccuracySec=100ms',
    ];
    await this.#run(
      this.#options.systemdRun ?? 'systemd-run',
      [...timer, this.#systemctl, 'restart', '--', this.#options.agentUnit],
      deadline,
    );
  }

  async #run(file: string, argv: readonly string[], deadline: number): Promise<void> {
    const { rc, stderr, timedOut } = await this.#exec(file, argv, deadline);
    if (timedOut) throw new AppError('EXEC_TIMEOUT', 'systemd did not answer in time');
    const said = stderr.replace(/\s+/g, ' ').trim().slice(0, 300);
    if (rc !== 0)
      throw new AppError('INTERNAL_ERROR', `systemd refused: ${said === '' ? `status ${rc}` : said}`);
  }

  #exec(file: string, argv: readonly string[], deadline: number): Promise<ExecResult> {
    return this.deps.exec({
      file,
      argv,
      timeoutMs: Math.max(1, deadline - Date.now()),
      outputBytes: OUTPUT_BYTES,
    });
  }
}

import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Program, type ProgramOptions, startProgram } from '@viw/testing';

const RESTART_MS = 200;

/** A service as a process of its own that is started again whenever it ends, as systemd or Kubernetes would. */
export class SupervisedProgram {
  /** Ends that nobody has caused. */
  unexpectedEnds = 0;
  /** How often it has been started. */
  starts = 0;
  /** Largest resident memory seen, MiB. */
  peakRssMb = 0;
  readonly #options: ProgramOptions;
  readonly #stopping = new AbortController();
  #program: Program | undefined;
  #expected = 0;
  #awayMs = RESTART_MS;
  #watch: Promise<void> | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#program = await startProgram(this.#options);
    this.starts += 1;
    this.#watch = this.#keepRunning(this.#program);
  }

  /** False when it was not running. */
  async kill(): Promise<boolean> {
    if (!this.#program?.running) return false;
    this.#expected += 1;
    await this.#program.kill();
    return true;
  }

  /** Only to the present run. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.signal(signal);
  }

  async freeze(forMs: number): Promise<void> {
    const program = this.#program;
    program?.signal('SIGSTOP');
    await pause(forMs);
    program?.signal('SIGCONT');
  }

  /** As `kill`, and started again only after so long. */
  async killFor(awayMs: number): Promise<boolean> {
    this.#awayMs = awayMs;
    return this.kill();
  }

  output(): string {
    return this.#program?.output() ?? '';
  }

  async sampleMemory(): Promise<void> {
    if (!this.#program?.running) return;
    const status = await readFile(`/proc/${this.#program.pid}/status`, 'utf8').catch(() => '');
    this.peakRssMb = Math.max(
      this.peakRssMb,
      Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#program?.stop();
    await this.#watch;
  }

  async #keepRunning(first: Program): Promise<void> {
    const { signal } = this.#stopping;
    const { readyWhen: _onlyAtFirst, ...again } = this.#options;
    for (let program = first; ;) {
      await program.exited;
      if (signal.aborted) return;
      if (this.#expected > 0) this.#expected -= 1;
      else this.unexpectedEnds += 1;
      await pause(this.#awayMs, undefined, { signal }).catch(() => undefined);
      this.#awayMs = RESTART_MS;
      if (signal.aborted) return;
      program = await startProgram(again);
      this.#program = program;
      this.starts += 1;
      // `stop` may have come while it was being started.
      if (this.#stopping.signal.aborted) await program.stop();
    }
  }
}

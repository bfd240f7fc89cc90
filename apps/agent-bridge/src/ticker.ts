import type { Component, Logger } from '@viw/runtime';

export interface TickerJob {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => void | Promise<void>;
}

/**
 * The hub's periodic work, one timer per job and none per socket. A job that is still running is not started again;
 * one that fails is logged and tried at its next turn.
 */
export class Ticker implements Component {
  readonly name = 'ticker';
  readonly #jobs: readonly TickerJob[];
  readonly #logger: Logger;
  readonly #running = new Map<string, Promise<void>>();
  #timers: NodeJS.Timeout[] = [];

  constructor({ jobs }: { jobs: readonly TickerJob[] }, { logger }: { logger: Logger }) {
    this.#jobs = jobs;
    this.#logger = logger;
  }

  start(): void {
    this.#timers = this.#jobs.map((job) => setInterval(() => this.#turn(job), job.everyMs));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#running.values());
  }

  #turn(job: TickerJob): void {
    if (this.#running.has(job.name)) return;
    const turn = (async () => job.run())()
      .catch((error: unknown) => {
        this.#logger.warn(
          { event: 'job_failed', job: job.name, error },
          'periodic work failed, next turn follows',
        );
      })
      .finally(() => this.#running.delete(job.name));
    this.#running.set(job.name, turn);
  }
}

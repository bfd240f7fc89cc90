import type { BackoffRange, Component, Logger } from '@viw/runtime';
import { runPeriodicallyAlone } from './run-periodically-alone';

export interface ElectedTaskOptions {
  readonly name: string;
  /** Straight to Postgres, for the lock: a pooler in transaction mode would lose it. */
  readonly databaseUrl: string;
  /** Of the service; the connection that holds the lock adds the task's name to it. */
  readonly applicationName: string;
  /** One of `advisoryLocks`: whoever holds it is elected. */
  readonly key: number;
  /** From the end of one turn to the beginning of the next, milliseconds. */
  readonly everyMs: number;
  /** How often to ask for the lock while somebody else has it, milliseconds. */
  readonly standbyMs: number;
  /** After a turn that failed, milliseconds. */
  readonly backoff: BackoffRange;
  /** `event` of the warning that tells of a failed turn; of failures in a row the first one is told. */
  readonly failureEvent: string;
}

export interface ElectedTaskDeps {
  /**
   * One turn. Its effects must be idempotent: somebody else may have begun when `end` is aborted, which happens at `stop`, and when
   * the lock is lost.
   * @param worked for a turn that lasts: to be called when part of it has succeeded, so that a failure after it counts as the
   * first one again
   */
  run(end: AbortSignal, worked: () => void): Promise<unknown>;
  readonly logger: Logger;
}

/**
 * Does something again and again between start and stop, in one process of all that are connected to the database; when that one
 * ends, another goes on. `start` waits for nothing, neither Postgres nor election; `stop` waits for a turn under way.
 */
export class ElectedTask implements Component {
  readonly name: string;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    private readonly options: ElectedTaskOptions,
    private readonly deps: ElectedTaskDeps,
  ) {
    this.name = options.name;
  }

  start(): void {
    const { name, databaseUrl: url, applicationName, key, failureEvent, ...timing } = this.options;
    this.#loop ??= runPeriodicallyAlone(
      { url, applicationName: `${applicationName}-${name}`, key },
      {
        everyMs: timing.everyMs,
        standbyMs: timing.standbyMs,
        backoff: timing.backoff,
        stop: this.#stopping.signal,
        onFailure: (error) =>
          this.deps.logger.warn({ event: failureEvent, task: name, error }, `${name} failed, trying again`),
      },
      async (end, worked) => void (await this.deps.run(end, worked)),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }
}

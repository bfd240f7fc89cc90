import { sleep } from './backoff';
import type { Component } from './lifecycle';
import type { Logger } from './logging';

export interface PeriodicTaskOptions {
  readonly name: string;
  /** From the start of one run to the start of the next, in milliseconds. A run that takes longer skips turns. */
  readonly everyMs: number;
  /** From the end of a failed run to the next, in milliseconds. Default: the next turn. */
  readonly retryMs?: number;
  /** Up to this many milliseconds, at random, are added to every wait, so that replicas drift apart. Default 0. */
  readonly jitterMs?: number;
  /** False: the first run is one turn after the start. Default true. */
  readonly runAtStart?: boolean;
  /** `event` of the warning that tells of a failed run. */
  readonly failureEvent: string;
}

export interface PeriodicTaskDeps {
  /** @param signal aborted by `stop`, which waits for the run all the same */
  run(signal: AbortSignal): Promise<unknown> | void;
  readonly logger: Logger;
}

/**
 * Does something again and again between start and stop, never twice at once. A failed run is a warning in the log and
 * no more. `start` does not wait for the first run; after `stop` nothing is under way and it cannot be started again.
 */
export class PeriodicTask implements Component {
  readonly name: string;
  readonly #options: PeriodicTaskOptions;
  readonly #deps: PeriodicTaskDeps;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: PeriodicTaskOptions, deps: PeriodicTaskDeps) {
    this.name = options.name;
    this.#options = options;
    this.#deps = deps;
  }

  start(): void {
    this.#loop ??= this.#repeat(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    if (this.#options.runAtStart === false) await this.#pause(this.#options.everyMs, signal);
    while (!signal.aborted) await this.#pause(await this.#turn(signal), signal);
  }

  /** One run; resolves with the milliseconds until the next. */
  async #turn(signal: AbortSignal): Promise<number> {
    const { name, everyMs, retryMs, failureEvent } = this.#options;
    const start = performance.now();
    try {
      await this.#deps.run(signal);
    } catch (error) {
      this.#deps.logger.warn({ event: failureEvent, task: name, error }, `${name} failed`);
      if (retryMs !== undefined) return retryMs;
    }
    return everyMs - ((performance.now() - start) % everyMs);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms + Math.random() * (this.#options.jitterMs ?? 0), signal).catch(() => undefined);
  }
}

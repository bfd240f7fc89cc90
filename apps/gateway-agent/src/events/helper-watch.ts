import { PeriodicTask } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { EventSink } from './host-events';

export interface HelperWatchOptions {
  /** Milliseconds between two looks. Default 30 s. */
  readonly everyMs?: number;
}

export interface HelperWatchDeps {
  readonly helper: { describe(timeoutMs?: number): Promise<unknown> };
  readonly events: EventSink;
  readonly logger: Logger;
}

export type HelperState = 'unknown' | 'reachable' | 'unreachable';

/** A helper that is restarted is away for one look at most. */
const LOOKS_BEFORE_TOLD = 2;

/** Tells when the helper cannot be reached, and when it is back. */
export class HelperWatch implements Component {
  readonly name = 'helper-watch';
  readonly #task: PeriodicTask;
  readonly #deps: HelperWatchDeps;
  #state: HelperState = 'unknown';
  #misses = 0;
  #missingSince = 0;

  constructor({ everyMs = 30_000 }: HelperWatchOptions, deps: HelperWatchDeps) {
    this.#deps = deps;
    this.#task = new PeriodicTask(
      { name: this.name, everyMs, failureEvent: 'helper_watch_failed' },
      { run: () => this.#look(), logger: deps.logger },
    );
  }

  get state(): HelperState {
    return this.#state;
  }

  start(): void {
    this.#task.start();
  }

  stop(): Promise<void> {
    return this.#task.stop();
  }

  async #look(): Promise<void> {
    try {
      await this.#deps.helper.describe();
    } catch (error) {
      return this.#missed(error instanceof Error ? error.message : 'unknown reason');
    }
    if (this.#state === 'unreachable') {
      const away_s = Math.round((performance.now() - this.#missingSince) / 1_000);
      this.#deps.events.emit('service', 'helper.back', { away_s });
    }
    this.#state = 'reachable';
    this.#misses = 0;
  }

  #missed(reason: string): void {
    if (this.#misses === 0) this.#missingSince = performance.now();
    this.#misses += 1;
    if (this.#misses < LOOKS_BEFORE_TOLD || this.#state === 'unreachable') return;
    this.#state = 'unreachable';
    this.#deps.logger.warn({ event: 'helper_unreachable', reason }, 'the host helper cannot be reached');
    this.#deps.events.emit('service', 'helper.unreachable', { reason: reason.slice(0, 200) });
  }
}

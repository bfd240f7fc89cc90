import type { DeadLetterBody } from '@viw/contracts';
import { AppError, fullJitter, sleep } from '@viw/runtime';
import type { BackoffRange, Logger } from '@viw/runtime';
import type { Acknowledger } from './acknowledge';
import { deadLetterError } from './dead-letters';
import type { DeadEntry, DeadLetters } from './dead-letters';
import type { StreamMetrics } from '../metrics';
import type { BatchHandler, Delivered, Outcomes } from './outcome';
import { isRetryable } from './retryable';

/** A validated entry and what is needed to set it aside unchanged. */
export interface Work<T> {
  readonly delivered: Delivered<T>;
  readonly raw: DeadEntry;
}

export interface BatchWorkDeps<T> {
  readonly handler: BatchHandler<T>;
  readonly acknowledger: Acknowledger;
  readonly deadLetters: DeadLetters;
  readonly logger: Logger;
  readonly metrics: StreamMetrics | undefined;
}

/**
 * Brings the entries of a batch to an end, in their order: done and acknowledged, held, or set aside. An outage is
 * waited out with the same entries in hand; nothing is ever set aside because of one.
 */
export class BatchWork<T> {
  readonly #labels: { stream: string; group: string };
  readonly #backoff: BackoffRange;
  readonly #deps: BatchWorkDeps<T>;

  constructor(options: { stream: string; group: string; backoff: BackoffRange }, deps: BatchWorkDeps<T>) {
    this.#labels = { stream: options.stream, group: options.group };
    this.#backoff = options.backoff;
    this.#deps = deps;
  }

  /** Returns early, leaving entries pending, only when the signal is aborted during an outage. */
  async run(batch: readonly Work<T>[], signal: AbortSignal): Promise<void> {
    const parts = batch.length > 0 ? [batch] : [];
    let attempt = 0;
    for (let next = parts.pop(); next; next = parts.pop()) {
      const part = this.#owned(next);
      if (part.length === 0) continue;
      let again: readonly Work<T>[];
      try {
        again = await this.#settle(part, await this.#handle(part, signal), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetryable(error)) {
          parts.push(...(await this.#isolate(part, error, signal)));
          continue;
        }
        this.#deps.logger.warn(
          { event: 'stream_batch_retried', ...this.#labels, entries: part.length, attempt, error },
          'handler failed for a passing reason, the batch is tried again',
        );
        again = part;
      }
      again = this.#owned(again);
      if (again.length === 0) {
        attempt = 0;
        continue;
      }
      parts.push(again);
      this.#deps.metrics?.retries.inc(this.#labels);
      if (!(await this.#pause(attempt++, signal))) return;
    }
  }

  /** What another consumer has taken is that one's to handle. */
  #owned(part: readonly Work<T>[]): readonly Work<T>[] {
    return part.filter(({ raw }) => !this.#deps.acknowledger.isDisowned(raw.id));
  }

  async #handle(part: readonly Work<T>[], signal: AbortSignal): Promise<Outcomes | void> {
    const { handler, metrics } = this.#deps;
    metrics?.batchSize.observe(this.#labels, part.length);
    const stopTimer = metrics?.handleSeconds.startTimer(this.#labels);
    try {
      return await handler(
        part.map(({ delivered }) => delivered),
        { signal, ownership: this.#deps.acknowledger.watchOwnership() },
      );
    } finally {
      stopTimer?.();
    }
  }

  /** Applies the outcomes and returns the entries to be handed out again. */
  async #settle(
    part: readonly Work<T>[],
    outcomes: Outcomes | void,
    signal: AbortSignal,
  ): Promise<Work<T>[]> {
    const finished: string[] = [];
    const again: Work<T>[] = [];
    const dead: { entry: DeadEntry; error: DeadLetterBody['error'] }[] = [];
    for (const work of part) {
      const { id } = work.raw;
      const outcome = outcomes?.get(id) ?? 'done';
      if (outcome === 'done') finished.push(id);
      else if (outcome === 'retry') again.push(work);
      else if (outcome === 'hold') this.#deps.acknowledger.hold(id);
      else if (!this.#deps.acknowledger.isDisowned(id)) {
        dead.push({ entry: work.raw, error: { code: 'POISON', msg: outcome.poison.slice(0, 2_000) } });
        finished.push(id);
      }
    }
    if (!(await this.setAside(dead, signal))) {
      const kept = new Set(dead.map(({ entry }) => entry.id));
      await this.#acknowledge(finished.filter((id) => !kept.has(id)));
      return [];
    }
    await this.#acknowledge(finished);
    return again;
  }

  /** Halves the batch; a single entry is the poison. */
  async #isolate(
    part: readonly Work<T>[],
    error: unknown,
    signal: AbortSignal,
  ): Promise<(readonly Work<T>[])[]> {
    const [only] = part;
    if (part.length > 1 || !only) {
      const middle = part.length >> 1;
      return [part.slice(middle), part.slice(0, middle)];
    }
    if (this.#deps.acknowledger.isDisowned(only.raw.id)) return [];
    if (await this.setAside([{ entry: only.raw, error: deadLetterError(error) }], signal)) {
      await this.#acknowledge([only.raw.id]);
    }
    return [];
  }

  /**
   * Writes to the dead-letter stream, waiting for Redis as long as it takes; the caller acknowledges afterwards.
   * False when the signal was aborted before Redis confirmed.
   */
  async setAside(
    dead: readonly { entry: DeadEntry; error: DeadLetterBody['error'] }[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (dead.length === 0) return true;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#deps.deadLetters.write(dead);
        break;
      } catch (error) {
        this.#deps.logger.error(
          { event: 'stream_dead_letter_failed', ...this.#labels, error },
          'cannot set poison aside',
        );
        if (!(await this.#pause(attempt, signal))) return false;
      }
    }
    this.#deps.metrics?.deadLetters.inc(this.#labels, dead.length);
    for (const { entry, error } of dead) {
      this.#deps.logger.error(
        { event: 'stream_dead_letter', ...this.#labels, entry_id: entry.id, reason: error },
        'poison entry set aside',
      );
    }
    return true;
  }

  /** A failure is no reason to handle the entries again: the acknowledger remembers them. */
  async #acknowledge(ids: readonly string[]): Promise<void> {
    try {
      await this.#deps.acknowledger.acknowledge(ids);
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'stream_ack_delayed', ...this.#labels, entries: ids.length, error },
        'acknowledgement will be repeated',
      );
    }
  }

  /** False when the signal was aborted. */
  async #pause(attempt: number, signal: AbortSignal): Promise<boolean> {
    try {
      await sleep(10 + fullJitter(this.#backoff, attempt), signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** For entries that have killed the process too often to be tried once more. */
export const tooManyDeliveries = (count: number): AppError =>
  new AppError('INTERNAL_ERROR', `handed out ${count} times without being acknowledged`);

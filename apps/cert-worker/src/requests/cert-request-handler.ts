import type { CertRequestsBody } from '@viw/contracts';
import { AppError, fullJitter } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { BatchHandler, Delivered } from '@viw/streams';
import type { OperationRunner, RunOutcome } from '../operation/operation-runner';

const AGAIN_AFTER = { baseMs: 500, capMs: 10_000 };

export interface CertRequestHandlerDeps {
  readonly runner: Pick<OperationRunner, 'run'>;
  /** Of the consumer that this is the handler of. */
  readonly acknowledge: (ids: readonly string[]) => Promise<unknown>;
  readonly redeliver: (ids: readonly string[]) => void;
  readonly logger: Logger;
}

/**
 * Works on a bounded number of requests at the same time. Each stays pending in the group, held by this worker, until
 * its operation has ended: a worker that dies finds it again, and nobody takes it from one that lives. What cannot be
 * ended now (an outage, another worker's lease) comes again after a pause and blocks no other request meanwhile.
 */
export class CertRequestHandler implements Component {
  readonly name = 'requests';
  readonly #concurrency: number;
  readonly #deps: CertRequestHandlerDeps;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #pauses = new Map<string, NodeJS.Timeout>();
  /** How often in a row, by entry. */
  readonly #attempts = new Map<string, number>();

  constructor({ concurrency }: { concurrency: number }, deps: CertRequestHandlerDeps) {
    this.#concurrency = concurrency;
    this.#deps = deps;
  }

  /** Returns as soon as every entry of the batch is being worked on. */
  readonly handler: BatchHandler<CertRequestsBody> = async (batch, { signal }) => {
    for (const entry of batch) {
      await this.#freeSlot(signal);
      if (this.#stopping.signal.aborted || signal.aborted) break;
      const work = this.#work(entry).finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
    // What was not begun because of the stop stays pending, too.
    return new Map(batch.map(({ id }) => [id, 'hold']));
  };

  start(): void {
    // Requests come by `handler`.
  }

  /** Aborts what can be aborted and waits for the end of all work; leases are given back by then. */
  async stop(): Promise<void> {
    this.#stopping.abort(new AppError('UNAVAILABLE', 'the worker stops'));
    for (const timer of this.#pauses.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  async #freeSlot(signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#stopping.signal]);
    while (this.#running.size >= this.#concurrency && !stop.aborted) {
      let onStop: (() => void) | undefined;
      const stopped = new Promise<void>((resolve) => {
        onStop = resolve;
        stop.addEventListener('abort', onStop, { once: true });
      });
      await Promise.race([...this.#running, stopped]);
      if (onStop) stop.removeEventListener('abort', onStop);
    }
  }

  /** Never rejects. */
  async #work({ id, body, deliveryCount }: Delivered<CertRequestsBody>): Promise<void> {
    const attempt = this.#attempts.get(id) ?? 0;
    const again = deliveryCount > 1 || attempt > 0;
    let outcome: RunOutcome;
    try {
      outcome = await this.#deps.runner.run(body.operation_id, { signal: this.#stopping.signal, again });
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'operation_put_off', operation_id: body.operation_id, attempt, error },
        'cannot work on the operation now',
      );
      outcome = { retryAfterMs: 100 + fullJitter(AGAIN_AFTER, attempt) };
    }
    if (outcome === 'ended') {
      this.#attempts.delete(id);
      await this.#deps.acknowledge([id]);
      return;
    }
    this.#attempts.set(id, attempt + 1);
    if (this.#stopping.signal.aborted) return;
    this.#pauses.set(
      id,
      setTimeout(() => {
        this.#pauses.delete(id);
        this.#deps.redeliver([id]);
      }, outcome.retryAfterMs),
    );
  }
}

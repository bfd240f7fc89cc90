import type { OperationWorkRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';

export interface LeaseOptions {
  readonly operationId: string;
  readonly fencing: number;
  readonly leaseSeconds: number;
  /** Aborts the work, too. */
  readonly outer: AbortSignal;
}

/**
 * Keeps the claim of one operation while it is worked on. `signal` is aborted when the lease is lost: taken by another
 * worker, or not renewed in its time because Postgres was away.
 */
export class Lease {
  readonly signal: AbortSignal;
  readonly #lost = new AbortController();
  readonly #options: LeaseOptions;
  readonly #deps: { operations: Pick<OperationWorkRepository, 'renewLease'>; logger: Logger };
  #timer: NodeJS.Timeout | undefined;
  #validUntil = 0;
  #renewing = false;

  constructor(
    options: LeaseOptions,
    deps: { operations: Pick<OperationWorkRepository, 'renewLease'>; logger: Logger },
  ) {
    this.#options = options;
    this.#deps = deps;
    this.signal = AbortSignal.any([options.outer, this.#lost.signal]);
  }

  /** Right after the claim. Renews three times per lease. */
  start(): void {
    const ms = this.#options.leaseSeconds * 1_000;
    this.#validUntil = performance.now() + ms;
    this.#timer = setInterval(() => void this.#turn(), ms / 3);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #turn(): Promise<void> {
    if (performance.now() >= this.#validUntil) return this.#lose('it could not be renewed in time');
    if (this.#renewing) return;
    this.#renewing = true;
    const { operationId, fencing, leaseSeconds } = this.#options;
    const asked = performance.now();
    try {
      if (await this.#deps.operations.renewLease(operationId, fencing, leaseSeconds))
        this.#validUntil = asked + leaseSeconds * 1_000;
      else this.#lose('another worker has it');
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'lease_renewal_failed', operation_id: operationId, error },
        'the lease is renewed later',
      );
    } finally {
      this.#renewing = false;
    }
  }

  #lose(why: string): void {
    this.stop();
    if (this.#lost.signal.aborted) return;
    this.#deps.logger.warn(
      { event: 'lease_lost', operation_id: this.#options.operationId, why },
      'the lease on the operation is lost',
    );
    this.#lost.abort(new AppError('CONFLICT', `the lease on the operation is lost: ${why}`));
  }
}

import type { Clock } from '@viw/runtime';
import { AppError, systemClock } from '@viw/runtime';

export interface AddressLimit {
  /** Failures at once. */
  readonly burst: number;
  /** Milliseconds until one more is allowed. */
  readonly everyMs: number;
}

/** Addresses that have failed lately; the one that did so longest ago goes when there is no room. */
const MAX_ADDRESSES = 20_000;

/**
 * Bounds how often an address may fail where guessing is hopeless anyway: it protects our work and the audit log, and never
 * makes anybody behind the same address wait for longer than `everyMs`. Kept in memory, so each replica counts for itself.
 */
export class AddressLimiter {
  /** When the address has got all its attempts back, by the clock. */
  readonly #fullAt = new Map<string, number>();
  readonly #clock: Clock;

  constructor(
    private readonly limit: AddressLimit,
    { clock = systemClock }: { clock?: Clock } = {},
  ) {
    this.#clock = clock;
  }

  /**
   * Counts the attempt as failed until `succeeded` says otherwise, so that attempts side by side count too.
   * @throws AppError RATE_LIMITED with `retry_after_s`; such an attempt is not to be looked at
   */
  attempt(address: string): void {
    const { burst, everyMs } = this.limit;
    const now = this.#clock.now();
    const fullAt = Math.max(now, this.#fullAt.get(address) ?? now) + everyMs;
    const waitMs = fullAt - now - burst * everyMs;
    if (waitMs > 0)
      throw new AppError('RATE_LIMITED', 'Too many failed attempts, wait before the next one', {
        meta: { retry_after_s: Math.ceil(waitMs / 1_000) },
      });
    this.#remember(address, fullAt);
  }

  succeeded(address: string): void {
    const fullAt = this.#fullAt.get(address);
    if (fullAt !== undefined) this.#remember(address, fullAt - this.limit.everyMs);
  }

  #remember(address: string, fullAt: number): void {
    this.#fullAt.delete(address);
    if (fullAt > this.#clock.now()) this.#fullAt.set(address, fullAt);
    const [oldest] = this.#fullAt.keys();
    if (this.#fullAt.size > MAX_ADDRESSES && oldest !== undefined) this.#fullAt.delete(oldest);
  }
}

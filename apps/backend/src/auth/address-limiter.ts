import type { Clock } from '@viw/runtime';
import { AppError, sourceNetwork, systemClock } from '@viw/runtime';

export interface AddressLimit {
  /** Failures at once. */
  readonly burst: number;
  /** Milliseconds until one more is allowed. */
  readonly everyMs: number;
}

/** Addresses that have failed lately; the one that did so longest ago goes when there is no room. */
const MAX_ADDRESSES = 20_000;

/**
 * Bounds how often an address (of IPv6: a /64) may fail where guessing is hopeless anyway: what is beyond that leaves no
 * trace in log and audit. Only failures count: whoever is right is let in, whatever others behind the same address or proxy
 * do. Kept in memory, so each replica counts for itself.
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

  /** @throws AppError RATE_LIMITED with `retry_after_s`: it fails too often */
  failed(address: string): void {
    const { burst, everyMs } = this.limit;
    const now = this.#clock.now();
    const source = sourceNetwork(address);
    const fullAt = Math.max(now, this.#fullAt.get(source) ?? now) + everyMs;
    const waitMs = fullAt - now - burst * everyMs;
    if (waitMs > 0)
      throw new AppError('RATE_LIMITED', 'Too many failed attempts, wait before the next one', {
        meta: { retry_after_s: Math.ceil(waitMs / 1_000) },
      });
    this.#fullAt.delete(source);
    this.#fullAt.set(source, fullAt);
    const [oldest] = this.#fullAt.keys();
    if (this.#fullAt.size > MAX_ADDRESSES && oldest !== undefined) this.#fullAt.delete(oldest);
  }
}

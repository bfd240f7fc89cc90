import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';

export interface NonceMemoryOptions {
  /** How long a nonce is remembered, in milliseconds: at least as long as a message that carries it is accepted. */
  readonly windowMs: number;
  /** At most so many; beyond that new messages are refused rather than old nonces forgotten. */
  readonly capacity: number;
}

/** Remembers nonces so that each is accepted once. Bounded by time and by count; fails closed when full. */
export class NonceMemory {
  readonly #options: NonceMemoryOptions;
  readonly #clock: Clock;
  /** Nonce → when it may be forgotten, oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(options: NonceMemoryOptions, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** @throws AppError REPLAY_DETECTED when it was accepted before; RATE_LIMITED when the memory is full */
  accept(nonce: string): void {
    const now = this.#clock.now();
    for (const [old, until] of this.#seen) {
      if (until > now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(nonce)) throw new AppError('REPLAY_DETECTED', 'the nonce was used before');
    if (this.#seen.size >= this.#options.capacity) {
      throw new AppError('RATE_LIMITED', 'too many messages to remember their nonces');
    }
    this.#seen.set(nonce, now + this.#options.windowMs);
  }
}

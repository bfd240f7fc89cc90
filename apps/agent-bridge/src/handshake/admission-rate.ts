import type { Clock } from '@viw/runtime';
import { TokenBucket } from '../connection/token-bucket';

/** Nobody is sent away for longer; beyond that the crowd is spread by chance. */
const LONGEST_MS = 120_000;
const SHORTEST_MS = 1_000;

export interface AdmissionRateOptions {
  /** Handshakes that are looked at per second, and at most at once. */
  readonly perSecond: number;
}

export interface AdmissionRateDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * How fast this hub lets agents in. Whoever comes too fast is given a time of its own to come back, one after the other at
 * the very rate at which they are let in: however many lost their hub at one instant, they return evenly.
 */
export class AdmissionRate {
  readonly #slotMs: number;
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** When the next one who is sent away is to come back. */
  #nextSlot = 0;

  constructor({ perSecond }: AdmissionRateOptions, { clock, random = Math.random }: AdmissionRateDeps) {
    this.#slotMs = 1_000 / perSecond;
    this.#bucket = new TokenBucket({ perSecond, burst: perSecond }, clock.now());
    this.#clock = clock;
    this.#random = random;
  }

  /** Whether this handshake may be looked at. Costs next to nothing. */
  take(): boolean {
    return this.#bucket.take(this.#clock.now());
  }

  /** Seconds after which one who is sent away is to come back. */
  retryAfterS(): number {
    const now = this.#clock.now();
    const slot = Math.max(this.#nextSlot, now + SHORTEST_MS);
    if (slot - now > LONGEST_MS) return Math.ceil((SHORTEST_MS + this.#random() * LONGEST_MS) / 1_000);
    this.#nextSlot = slot + this.#slotMs;
    return Math.ceil((slot - now) / 1_000);
  }
}

import type { Clock } from '@viw/runtime';
import { systemClock } from '@viw/runtime';
import type { SignInRule } from './sign-in-rules';
import { FORGET_AFTER_MS, delayAfter, haveToWait, signInKeys } from './sign-in-rules';

const MAX_ENTRIES = 20_000;

interface Entry {
  failures: number;
  blockedUntil: number;
  lastAt: number;
}

/** The limits of `SignInLimiter` as one replica counts them in its memory, which is bounded. */
export class LoneSignInLimiter {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;

  constructor({ clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
  }

  /** @throws AppError RATE_LIMITED with `retry_after_s` */
  attempt(accountName: string, from: string): void {
    const now = this.#clock.now();
    const keyed = signInKeys(accountName, from);
    const waitMs = Math.max(0, ...keyed.map(([key]) => (this.#entry(key, now)?.blockedUntil ?? 0) - now));
    if (waitMs > 0) throw haveToWait(waitMs);
    for (const [key, rule] of keyed) this.#fail(key, rule, now);
  }

  succeeded(accountName: string, from: string): void {
    for (const [key, { prefix }] of signInKeys(accountName, from)) {
      const entry = this.#entries.get(key);
      if (prefix !== 'address') this.#entries.delete(key);
      else if (entry) entry.failures = Math.max(0, entry.failures - 1);
    }
  }

  #entry(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry && now - entry.lastAt > FORGET_AFTER_MS) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
  }

  #fail(key: string, rule: SignInRule, now: number): void {
    const failures = (this.#entries.get(key)?.failures ?? 0) + 1;
    // Deleted first: the map stays ordered by last use, and the oldest goes when it is full.
    this.#entries.delete(key);
    this.#entries.set(key, { failures, blockedUntil: now + delayAfter(failures, rule), lastAt: now });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }
}

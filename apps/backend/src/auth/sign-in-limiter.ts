import type { Clock } from '@viw/runtime';
import { AppError, systemClock } from '@viw/runtime';

interface Rule {
  readonly prefix: string;
  /** Attempts before the first delay. */
  readonly free: number;
  readonly capMs: number;
}

/** The account alone is slowed down least: otherwise anybody could lock its owner out. */
const pair: Rule = { prefix: 'pair', free: 4, capMs: 15 * 60_000 };
const address: Rule = { prefix: 'address', free: 20, capMs: 15 * 60_000 };
const account: Rule = { prefix: 'account', free: 50, capMs: 30_000 };

const FIRST_DELAY_MS = 1_000;
const FORGET_AFTER_MS = 60 * 60_000;
const MAX_ENTRIES = 20_000;

interface Entry {
  failures: number;
  blockedUntil: number;
  lastAt: number;
}

/**
 * Slows down guessing: after a few failures of one account from one address, of one address, or of one account, each
 * further attempt has to wait twice as long as the one before. Kept in memory, so each replica counts for itself.
 */
export class SignInLimiter {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;

  constructor({ clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
  }

  /**
   * Counts the attempt as failed until `succeeded` says otherwise, so that attempts side by side count too.
   * @throws AppError RATE_LIMITED with `retry_after_s`; such an attempt is not to be looked at
   */
  attempt(accountName: string, from: string): void {
    const now = this.#clock.now();
    const keyed = this.#keys(accountName, from);
    const waitMs = Math.max(0, ...keyed.map(([key]) => (this.#entry(key, now)?.blockedUntil ?? 0) - now));
    if (waitMs > 0)
      throw new AppError('RATE_LIMITED', 'Too many failed attempts, wait before the next one', {
        meta: { retry_after_s: Math.ceil(waitMs / 1_000) },
      });
    for (const [key, rule] of keyed) this.#fail(key, rule, now);
  }

  succeeded(accountName: string, from: string): void {
    for (const [key, rule] of this.#keys(accountName, from)) if (rule !== address) this.#entries.delete(key);
    const shared = this.#entries.get(`${address.prefix} ${from}`);
    if (shared) shared.failures = Math.max(0, shared.failures - 1);
  }

  #keys(accountName: string, from: string): [string, Rule][] {
    const name = accountName.toLowerCase();
    return [
      [`${pair.prefix} ${from} ${name}`, pair],
      [`${address.prefix} ${from}`, address],
      [`${account.prefix} ${name}`, account],
    ];
  }

  #entry(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry && now - entry.lastAt > FORGET_AFTER_MS) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
  }

  #fail(key: string, rule: Rule, now: number): void {
    const failures = (this.#entries.get(key)?.failures ?? 0) + 1;
    const beyond = failures - rule.free;
    const delayMs = beyond < 0 ? 0 : Math.min(rule.capMs, FIRST_DELAY_MS * 2 ** Math.min(beyond, 20));
    // Deleted first: the map stays ordered by last use, and the oldest goes when it is full.
    this.#entries.delete(key);
    this.#entries.set(key, { failures, blockedUntil: now + delayMs, lastAt: now });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }
}

import { fullJitter } from '@viw/runtime';

export interface ReconnectOptions {
  /** Milliseconds. Default 1 s. */
  readonly baseMs?: number;
  /** Milliseconds. Default 60 s. */
  readonly capMs?: number;
  /** A session must have lived this long before the backoff starts anew. Default 60 s. */
  readonly stableMs?: number;
  /** The first connection of a run waits a random part of this, so that a fleet that boots together does not dial together. Default 10 s. */
  readonly firstSpreadMs?: number;
}

export interface LostConnection {
  /** How long the session had been open, in milliseconds; 0 when it never was. */
  readonly openMs: number;
  /** The hub's wish (Retry-After), in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The hub has a reason to turn this agent away that time alone does not cure: at least half the cap. */
  readonly unwelcome?: boolean;
}

/** No hub can keep an agent away for longer than this by Retry-After. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * When to dial again: exponential backoff with full jitter. Holds the state of one connection.
 *
 * A few short draws in a row do not make the next range long: it never exceeds the base and twice the time waited so
 * far. Of a large fleet there would always be agents that have tried five times within seconds and then stay away for a
 * minute, long after their hub is back.
 */
export class ReconnectPolicy {
  readonly #options: Required<ReconnectOptions>;
  readonly #random: () => number;
  #attempt = 0;
  /** Since the backoff started anew. */
  #waitedMs = 0;

  constructor(options: ReconnectOptions = {}, { random = Math.random }: { random?: () => number } = {}) {
    this.#options = { baseMs: 1_000, capMs: 60_000, stableMs: 60_000, firstSpreadMs: 10_000, ...options };
    this.#random = random;
  }

  /** Milliseconds before the first connection of a run. */
  firstDelay(): number {
    return Math.floor(this.#random() * this.#options.firstSpreadMs);
  }

  /** Milliseconds before the next attempt. */
  nextDelay({ openMs, retryAfterMs = 0, unwelcome = false }: LostConnection): number {
    const { baseMs, capMs, stableMs } = this.#options;
    if (openMs >= stableMs && !unwelcome) {
      this.#attempt = 0;
      this.#waitedMs = 0;
    }
    const range = { baseMs, capMs: Math.min(capMs, baseMs + 2 * this.#waitedMs) };
    const asked = Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
    const jitter = fullJitter(range, this.#attempt, this.#random);
    // A hub that asks for more time than this agent would have taken is there, and no reason to back off further.
    if (asked < Math.min(range.capMs, baseMs * 2 ** this.#attempt)) this.#attempt += 1;
    const delayMs = Math.floor(Math.max(unwelcome ? capMs / 2 : 0, asked)) + jitter;
    this.#waitedMs += delayMs;
    return delayMs;
  }
}

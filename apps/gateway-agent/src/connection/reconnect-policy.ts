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

/** When to dial again: exponential backoff with full jitter. Holds the state of one connection. */
export class ReconnectPolicy {
  readonly #options: Required<ReconnectOptions>;
  readonly #random: () => number;
  #attempt = 0;

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
    const { capMs, stableMs } = this.#options;
    if (openMs >= stableMs && !unwelcome) this.#attempt = 0;
    const jitter = fullJitter(this.#options, this.#attempt++, this.#random);
    const least = Math.max(unwelcome ? capMs / 2 : 0, Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
    return Math.floor(least) + jitter;
  }
}

import { limits } from '@viw/contracts';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';

/** The memory that all hubs share. */
export interface NonceStore {
  /** Atomically remembers the nonce for `ttlMs`; false when it was known already. Rejects when it cannot tell. */
  claim(agentId: string, nonce: string, ttlMs: number): Promise<boolean>;
}

export interface NonceMemoryOptions {
  /** Milliseconds; must be at least twice the accepted clock skew. Default 10 min. */
  readonly ttlMs?: number;
  /** Most entries of the local cache. Default 100 000. */
  readonly maxEntries?: number;
}

export interface NonceMemoryDeps {
  readonly store: NonceStore;
  readonly clock?: Clock;
}

/**
 * Handshake nonces that were used, so that a recorded handshake cannot be sent again. The local cache only spares
 * the store the repetitions; dropping an entry of it (time, count) never lets a nonce in twice, since what the cache
 * does not know is asked of the store. When the store fails, so does the claim: a hub that does not know refuses.
 */
export class NonceMemory {
  readonly #ttlMs: number;
  readonly #maxEntries: number;
  readonly #store: NonceStore;
  readonly #clock: Clock;
  /** Key → end of validity; in order of insertion, which is the order of expiry. */
  readonly #seen = new Map<string, number>();

  constructor(
    { ttlMs = limits.nonceMemoryMs, maxEntries = 100_000 }: NonceMemoryOptions,
    deps: NonceMemoryDeps,
  ) {
    this.#ttlMs = ttlMs;
    this.#maxEntries = maxEntries;
    this.#store = deps.store;
    this.#clock = deps.clock ?? systemClock;
  }

  /** True exactly once per agent and nonce within the time. MUST be safe for concurrent use. */
  async claim(agentId: string, nonce: string): Promise<boolean> {
    const now = this.#clock.now();
    this.#forget(now);
    const key = `${agentId} ${nonce}`;
    if (this.#seen.has(key)) return false;
    this.#seen.set(key, now + this.#ttlMs);
    return this.#store.claim(agentId, nonce, this.#ttlMs);
  }

  get size(): number {
    return this.#seen.size;
  }

  #forget(now: number): void {
    for (const [key, until] of this.#seen) {
      if (until > now && this.#seen.size < this.#maxEntries) return;
      this.#seen.delete(key);
    }
  }
}

import type { Component, Logger } from '@viw/runtime';
import type { LeaseStore } from './lease-store';

export interface SignOfLifeOptions {
  /** Lifetime of the key in Redis, milliseconds. */
  readonly ttlMs: number;
}

export interface SignOfLifeDeps {
  readonly leases: Pick<LeaseStore, 'sayAlive' | 'sayGone'>;
  /** Others may have taken this hub for dead. Resolves when what is held here is known to be still this hub's. */
  readonly onLapsed: () => Promise<void>;
  /** Milliseconds of a clock that never stands still while this process does. */
  readonly now?: () => number;
  readonly logger: Logger;
}

/**
 * Tells the other hubs that this one lives; and tells this one when they may have given it up, because the process
 * stood still or Redis could not be reached. Until it knows what they have left to it, it decides on no command.
 */
export class SignOfLife implements Component {
  readonly name = 'sign-of-life';
  readonly #ttlMs: number;
  readonly #deps: SignOfLifeDeps;
  readonly #now: () => number;
  /** Before this instant nobody can have seen the key missing. */
  #goodUntil = -Infinity;
  #known = false;
  #lapsed = false;

  constructor({ ttlMs }: SignOfLifeOptions, deps: SignOfLifeDeps) {
    this.#ttlMs = ttlMs;
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
  }

  /** True while no other hub can have taken over what this one holds. */
  get isCertain(): boolean {
    return !this.#lapsed && this.#now() < this.#goodUntil;
  }

  /**
   * Redis may be away: then the first turn that finds it says that the hub lives. By then entries of its former life may
   * be in hand here, which others had taken over.
   */
  async start(): Promise<void> {
    await this.renew().catch(() => undefined);
    this.#known = true;
  }

  async stop(): Promise<void> {
    await this.#deps.leases.sayGone().catch(() => undefined);
  }

  /** Rejects without Redis. */
  async renew(): Promise<void> {
    const asked = this.#now();
    const wasThere = await this.#deps.leases.sayAlive();
    // An answer that got lost may have been the one that said that the key was missing.
    if (this.#known && (!wasThere || asked >= this.#goodUntil)) {
      if (!this.#lapsed && Number.isFinite(this.#goodUntil))
        this.#deps.logger.warn({ event: 'hub_taken_for_dead' }, 'the sign of life had run out');
      this.#lapsed = true;
    }
    this.#known = true;
    this.#goodUntil = asked + this.#ttlMs;
    if (!this.#lapsed) return;
    await this.#deps.onLapsed();
    this.#lapsed = false;
  }
}

import { createHmac } from 'node:crypto';
import { rateLimitKey } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import { AppError, systemClock } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { LoneSignInLimiter } from './lone-sign-in-limiter';
import type { SignInRule } from './sign-in-rules';
import { FORGET_AFTER_MS, delayAfter, haveToWait, signInKeys } from './sign-in-rules';

/** After a failure of Redis this process counts for itself so long, milliseconds: no sign-in waits for it meanwhile. */
const ALONE_MS = 1_000;
const FORGET_AFTER_S = FORGET_AFTER_MS / 1_000;

export interface SignInLimiterOptions {
  /** Of the hashes that Redis sees instead of names and addresses; the same on all replicas. */
  readonly hashKey: Buffer;
}

export interface SignInLimiterDeps {
  /** With a short command time-out: every attempt waits for it. */
  readonly redis: Redis;
  readonly logger: Logger;
  readonly clock?: Clock;
}

interface Counted {
  readonly key: string;
  readonly rule: SignInRule;
}

/**
 * Slows down guessing: after a few failures of one account from one address, of one address, or of one account, each
 * further attempt has to wait twice as long as the one before. Counted in Redis, over all backends. While Redis does not
 * answer each backend counts for itself, by the same limits; no attempt is ever let through uncounted. MUST be safe for
 * concurrent use, also by other processes.
 */
export class SignInLimiter {
  readonly #failures: RateLimiterRedis;
  /** A key is there while its owner has to wait. */
  readonly #waits: RateLimiterRedis;
  readonly #lone: LoneSignInLimiter;
  readonly #clock: Clock;
  /** By the clock. */
  #aloneUntil = 0;
  #alone = false;

  constructor(
    private readonly options: SignInLimiterOptions,
    private readonly deps: SignInLimiterDeps,
  ) {
    this.#clock = deps.clock ?? systemClock;
    this.#lone = new LoneSignInLimiter({ clock: this.#clock });
    const common = { storeClient: deps.redis, rejectIfRedisNotReady: true, duration: FORGET_AFTER_S };
    this.#failures = new RateLimiterRedis({
      ...common,
      keyPrefix: rateLimitKey('sign_in_failures'),
      points: Number.MAX_SAFE_INTEGER,
    });
    this.#waits = new RateLimiterRedis({ ...common, keyPrefix: rateLimitKey('sign_in_waits'), points: 1 });
  }

  /**
   * Counts the attempt as failed until `succeeded` says otherwise, so that attempts side by side count too.
   * @throws AppError RATE_LIMITED with `retry_after_s`; such an attempt is not to be looked at
   */
  async attempt(accountName: string, from: string): Promise<void> {
    await this.#count(
      () => this.#attempt(this.#hashed(accountName, from)),
      () => this.#lone.attempt(accountName, from),
    );
  }

  /** Never rejects. */
  async succeeded(accountName: string, from: string): Promise<void> {
    // What was counted here while Redis was away is forgotten too.
    this.#lone.succeeded(accountName, from);
    await this.#count(
      () => this.#forget(this.#hashed(accountName, from)),
      () => undefined,
    );
  }

  #hashed(accountName: string, from: string): Counted[] {
    return signInKeys(accountName, from).map(([text, rule]) => ({
      key: createHmac('sha256', this.options.hashKey).update(text).digest('base64url'),
      rule,
    }));
  }

  async #attempt(counted: readonly Counted[]): Promise<void> {
    const waits = await Promise.all(counted.map(({ key }) => this.#waits.get(key)));
    const waitMs = Math.max(0, ...waits.map((wait) => wait?.msBeforeNext ?? 0));
    if (waitMs > 0) throw haveToWait(waitMs);
    const failed = await Promise.all(counted.map((each) => this.#fail(each)));
    // Of several at once that were not to wait, each delay lets one through.
    const taken = await Promise.all(failed.map((each) => this.#takeTurn(each)));
    const lostMs = Math.max(...taken.map(({ lostMs: ms }) => ms));
    if (lostMs === 0) return;
    await Promise.all([
      ...counted.map(({ key }) => this.#failures.reward(key)),
      ...taken.filter(({ won }) => won).map(({ key }) => this.#waits.delete(key)),
    ]);
    throw haveToWait(lostMs);
  }

  async #fail({ key, rule }: Counted): Promise<{ key: string; delayMs: number }> {
    const { consumedPoints } = await this.#failures.penalty(key);
    await this.deps.redis.expire(this.#failures.getKey(key), FORGET_AFTER_S);
    return { key, delayMs: delayAfter(consumedPoints, rule) };
  }

  async #takeTurn({ key, delayMs }: { key: string; delayMs: number }) {
    if (delayMs === 0) return { key, won: false, lostMs: 0 };
    try {
      await this.#waits.consume(key, 1, { customDuration: delayMs / 1_000 });
      return { key, won: true, lostMs: 0 };
    } catch (rejected) {
      if (rejected instanceof RateLimiterRes)
        return { key, won: false, lostMs: Math.max(1, rejected.msBeforeNext) };
      throw rejected;
    }
  }

  async #forget(counted: readonly Counted[]): Promise<void> {
    await Promise.all(
      counted.map(async ({ key, rule }) => {
        if (rule.prefix === 'address') await this.#failures.reward(key);
        else await Promise.all([this.#failures.delete(key), this.#waits.delete(key)]);
      }),
    );
  }

  async #count(shared: () => Promise<void>, alone: () => void): Promise<void> {
    if (this.#clock.now() >= this.#aloneUntil) {
      try {
        await shared();
        this.#nowAlone(false);
        return;
      } catch (error) {
        if (error instanceof AppError && error.code === 'RATE_LIMITED') throw error;
        this.#aloneUntil = this.#clock.now() + ALONE_MS;
        this.#nowAlone(true, error);
      }
    }
    alone();
  }

  #nowAlone(alone: boolean, error?: unknown): void {
    if (alone === this.#alone) return;
    this.#alone = alone;
    const { logger } = this.deps;
    if (alone)
      logger.warn(
        { event: 'sign_in_limits_alone', error },
        'Redis does not count failed sign-ins: this backend counts for itself',
      );
    else logger.info({ event: 'sign_in_limits_shared' }, 'failed sign-ins are counted over all backends');
  }
}

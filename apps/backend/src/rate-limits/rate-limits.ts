import { rateLimitKey } from '@viw/contracts';
import type { RatePolicy, RateStanding } from '@viw/contracts';
import type { Clock, Logger, Metrics } from '@viw/runtime';
import { Counter, systemClock } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** Of every limit, seconds. */
export const WINDOW_S = 60;
/** After a failure of Redis this process counts for itself so long, milliseconds: no request waits for it meanwhile. */
const ALONE_MS = 1_000;

export interface RateLimitsOptions {
  /** Requests per minute; 0: not limited. */
  readonly perMinute: Readonly<Record<RatePolicy, number>>;
}

export interface RateLimitsDeps {
  /** With a short command time-out: every request waits for it. */
  readonly redis: Redis;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

interface Counted {
  readonly result: RateLimiterRes | null;
  readonly refused: boolean;
}

interface Limiter {
  readonly shared: RateLimiterRedis;
  readonly alone: RateLimiterMemory;
}

/**
 * How often whoever may call: counted in Redis, over all backends. While Redis does not answer each backend counts for itself, by
 * the same limits; nothing is ever let through uncounted.
 */
export class RateLimits {
  readonly #limiters = new Map<RatePolicy, Limiter>();
  readonly #clock: Clock;
  readonly #refused: Counter<'policy'>;
  /** By the clock. */
  #aloneUntil = 0;
  #alone = false;

  constructor(
    private readonly options: RateLimitsOptions,
    private readonly deps: RateLimitsDeps,
  ) {
    this.#clock = deps.clock ?? systemClock;
    this.#refused = new Counter({
      name: 'viw_backend_rate_limited_total',
      help: 'Requests that came too often',
      labelNames: ['policy'],
      registers: [deps.metrics],
    });
    for (const [policy, points] of Object.entries(options.perMinute) as [RatePolicy, number][]) {
      if (points === 0) continue;
      const common = { keyPrefix: rateLimitKey(policy), points, duration: WINDOW_S };
      const shared = new RateLimiterRedis({
        ...common,
        storeClient: deps.redis,
        rejectIfRedisNotReady: true,
        // Who is far beyond it costs Redis nothing.
        inMemoryBlockOnConsumed: points + 1,
      });
      this.#limiters.set(policy, { shared, alone: new RateLimiterMemory(common) });
    }
  }

  /** Counts one request. Undefined: not limited. */
  async count(policy: RatePolicy, key: string): Promise<RateStanding | undefined> {
    const limiter = this.#limiters.get(policy);
    if (limiter === undefined) return undefined;
    const result = await this.#ask(limiter, (each) => each.consume(key));
    const standing = this.#standing(policy, result);
    if (standing.exceeded) this.#refused.inc({ policy });
    return standing;
  }

  /** Without counting. Undefined: not limited. */
  async look(policy: RatePolicy, key: string): Promise<RateStanding | undefined> {
    const limiter = this.#limiters.get(policy);
    if (limiter === undefined) return undefined;
    return this.#standing(policy, await this.#ask(limiter, (each) => each.get(key)));
  }

  async #ask(
    { shared, alone }: Limiter,
    ask: (limiter: RateLimiterRedis | RateLimiterMemory) => Promise<RateLimiterRes | null>,
  ): Promise<Counted> {
    if (this.#clock.now() >= this.#aloneUntil) {
      try {
        const answer = await answerOf(ask(shared));
        this.#nowAlone(false);
        return answer;
      } catch (error) {
        this.#aloneUntil = this.#clock.now() + ALONE_MS;
        this.#nowAlone(true, error);
      }
    }
    return answerOf(ask(alone));
  }

  #nowAlone(alone: boolean, error?: unknown): void {
    if (alone === this.#alone) return;
    this.#alone = alone;
    const { logger } = this.deps;
    if (alone)
      logger.warn(
        { event: 'rate_limits_alone', error },
        'Redis does not count requests: this backend counts for itself',
      );
    else logger.info({ event: 'rate_limits_shared' }, 'requests are counted over all backends');
  }

  #standing(policy: RatePolicy, { result, refused }: Counted): RateStanding {
    const quota = this.options.perMinute[policy];
    // What is refused out of memory does not say how much was used.
    const used = refused ? quota + 1 : (result?.consumedPoints ?? 0);
    return {
      policy,
      quota,
      window_s: WINDOW_S,
      remaining: Math.max(0, quota - used),
      reset_s: result === null ? WINDOW_S : Math.max(1, Math.ceil(result.msBeforeNext / 1_000)),
      exceeded: used > quota,
    };
  }
}

/** The library rejects with a result when a limit is exceeded, and with an error when it cannot count. */
async function answerOf(asked: Promise<RateLimiterRes | null>): Promise<Counted> {
  try {
    return { result: await asked, refused: false };
  } catch (rejected) {
    if (rejected instanceof RateLimiterRes) return { result: rejected, refused: true };
    throw rejected;
  }
}

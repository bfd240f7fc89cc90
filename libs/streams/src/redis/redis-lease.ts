import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** KEYS lease. ARGV token, ttl ms. */
const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

/** KEYS lease. ARGV token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export interface RedisLeaseOptions {
  readonly key: string;
  /** Milliseconds; a holder that does not call `hold` for this long loses the lease. */
  readonly ttlMs: number;
}

/**
 * Elects one of several processes. Not a fencing token: a holder that was frozen for longer than the TTL does not
 * know yet that it has lost, so what is done under the lease must be harmless when done twice.
 */
export class RedisLease {
  readonly #options: RedisLeaseOptions;
  readonly #redis: Redis;
  readonly #token = randomUUID();

  constructor(options: RedisLeaseOptions, { redis }: { redis: Redis }) {
    this.#options = options;
    this.#redis = redis;
  }

  /** Takes the lease when it is free, renews it when it is ours. False: another process holds it. */
  async hold(): Promise<boolean> {
    const { key, ttlMs } = this.#options;
    if ((await this.#redis.eval(RENEW, 1, key, this.#token, ttlMs)) === 1) return true;
    return (await this.#redis.set(key, this.#token, 'PX', ttlMs, 'NX')) === 'OK';
  }

  /** Gives it back when it is ours. */
  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#options.key, this.#token);
  }
}

import { consumerAliveKey } from '@viw/contracts';
import type { Redis } from 'ioredis';
import type { GroupMember } from './group-reader';

/** The key that tells others that this consumer lives. Redis' own `idle` does not: before 7.2 it lies. */
export class Liveness {
  readonly #key: string;
  readonly #ttlMs: number;
  readonly #redis: () => Redis;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { stream, group, consumer }: GroupMember,
    { ttlMs }: { ttlMs: number },
    { redis }: { redis: () => Redis },
  ) {
    this.#key = consumerAliveKey(stream, group, consumer);
    this.#ttlMs = ttlMs;
    this.#redis = redis;
  }

  /** Renews three times per TTL, also while the handler is busy or the read blocks; calls `then` after each. */
  start(then: () => Promise<void>): void {
    this.#timer = setInterval(() => {
      // A failure shows in the reading loop; the next turn tries again.
      this.touch()
        .then(then)
        .catch(() => undefined);
    }, this.#ttlMs / 3);
  }

  async touch(): Promise<void> {
    await this.#redis().set(this.#key, '1', 'PX', this.#ttlMs);
  }

  /** Stops renewing; the key expires by itself. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async clear(): Promise<void> {
    await this.#redis().del(this.#key);
  }
}

import type { Redis } from 'ioredis';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { closeRedis, waitUntilReady } from '../redis/connection';

export interface BlockingClientOptions {
  /** A command that takes longer than this hangs: the client is thrown away. Must exceed BLOCK. Milliseconds. */
  readonly stuckAfterMs: number;
}

export interface BlockingClientDeps {
  readonly createClient: () => Redis;
  readonly logger: Logger;
}

/**
 * The connection of one reader and its watchdog. Client libraries have been seen to leave a blocked read unanswered
 * for ever after a reconnect; here such a client is replaced by a new one and the read rejects.
 */
export class BlockingClient {
  readonly #options: BlockingClientOptions;
  readonly #deps: BlockingClientDeps;
  #redis: Redis | undefined;
  #clientId: number | undefined;
  #generation = 0;

  constructor(options: BlockingClientOptions, deps: BlockingClientDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Rises with every connection made. Whoever sees it change must assume that replies have been lost. */
  get generation(): number {
    return this.#generation;
  }

  get connected(): boolean {
    return this.#redis?.status === 'ready';
  }

  /**
   * Runs a command when connected.
   *
   * @throws AppError UNAVAILABLE when not connected in time, TIMEOUT when the command hung; whatever the command threw
   */
  async run<T>(command: (redis: Redis) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const redis = this.#current();
    try {
      await waitUntilReady(redis, { timeoutMs: this.#options.stuckAfterMs, ...(signal && { signal }) });
    } catch (error) {
      if (!signal?.aborted) this.#discard(redis);
      throw error;
    }
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#deps.logger.warn(
          { event: 'stream_client_replaced' },
          'a blocked read hung, its client is replaced',
        );
        this.#discard(redis);
        reject(new AppError('TIMEOUT', 'a blocked read of Redis hung'));
      }, this.#options.stuckAfterMs);
    });
    try {
      return await Promise.race([command(redis), stuck]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a blocked read as if nothing had come, without losing entries on the way. Sent over another connection. */
  async unblock(other: Redis): Promise<void> {
    if (this.#clientId !== undefined) await other.client('UNBLOCK', this.#clientId);
  }

  async stop(): Promise<void> {
    const redis = this.#redis;
    this.#redis = undefined;
    if (redis) await closeRedis(redis);
  }

  #current(): Redis {
    if (this.#redis && this.#redis.status !== 'end') return this.#redis;
    const redis = this.#deps.createClient();
    redis.on('ready', () => {
      if (this.#redis !== redis) return;
      this.#generation += 1;
      this.#clientId = undefined;
      redis.client('ID').then(
        (id) => {
          if (this.#redis === redis) this.#clientId = id;
        },
        () => undefined,
      );
    });
    this.#redis = redis;
    return redis;
  }

  #discard(redis: Redis): void {
    if (this.#redis === redis) this.#redis = undefined;
    if (redis.status !== 'end') redis.disconnect();
  }
}

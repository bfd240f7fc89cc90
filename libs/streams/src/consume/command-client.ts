import { AppError } from '@viw/runtime';
import type { Redis } from 'ioredis';

/** The connection for everything that does not block. One that was closed from outside is replaced, until `stop`. */
export class CommandClient {
  #redis: Redis | undefined;
  #stopped = false;

  constructor(private readonly deps: { readonly createClient: () => Redis }) {}

  start(): void {
    this.#redis = this.deps.createClient();
  }

  /** From now on the connection is the one that is to be closed. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws AppError UNAVAILABLE before `start` */
  get redis(): Redis {
    if (!this.#redis) throw new AppError('UNAVAILABLE', 'the consumer has not been started');
    if (this.#redis.status === 'end' && !this.#stopped) this.#redis = this.deps.createClient();
    return this.#redis;
  }
}

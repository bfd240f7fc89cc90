import type { NonceStore } from '@viw/agent-auth';
import { nonceKey } from '@viw/contracts';
import type { Redis } from '@viw/streams';

/** The nonces that all hubs have seen. */
export class RedisNonceStore implements NonceStore {
  readonly #redis: Redis;

  constructor({ redis }: { redis: Redis }) {
    this.#redis = redis;
  }

  async claim(agentId: string, nonce: string, ttlMs: number): Promise<boolean> {
    return (await this.#redis.set(nonceKey(agentId, nonce), '1', 'PX', ttlMs, 'NX')) === 'OK';
  }
}

import { sentMarkKey } from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import type { Redis } from '@viw/streams';

/** The relay may publish a command again while reports about it are under way. Milliseconds beyond its expiry. */
const KEPT_AFTER_EXPIRY_MS = 10 * 60_000;

/**
 * Which commands have been sent to agents that keep no journal, across all hubs. Claimed before the sending: a hub that
 * dies in between leaves a command that nobody sends, whose outcome is unknown, never one that is carried out twice.
 */
export class SentMarks {
  readonly #redis: Redis;

  constructor({ redis }: { redis: Redis }) {
    this.#redis = redis;
  }

  /** True for the first one who asks. @throws when Redis cannot be asked */
  async claim(
    {
      agent_id,
      correlation_id,
      expires_at,
    }: Pick<RunCommandBody, 'agent_id' | 'correlation_id' | 'expires_at'>,
    now: number,
  ): Promise<boolean> {
    const ttl = Math.max(0, Date.parse(expires_at) - now) + KEPT_AFTER_EXPIRY_MS;
    return (await this.#redis.set(sentMarkKey(agent_id, correlation_id), '1', 'PX', ttl, 'NX')) === 'OK';
  }
}

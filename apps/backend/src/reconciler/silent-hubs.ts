import { groups, hubAliveKey, hubRegisterKey, hubStream } from '@viw/contracts';
import { isGroupGone } from '@viw/streams';
import type { Redis } from '@viw/streams';

/** Within so long a hub that is back has told of what its former life left pending, milliseconds. */
const BACK_AFTER_MS = 30_000;

/**
 * Commands in the hands of hubs that show no sign of life. Such a hub may have sent one and died before it said so; that is
 * told by whoever gives the command its next place: another hub, or the same one when it is back.
 */
export class SilentHubs {
  /** Hub → when it was seen silent last, milliseconds of a monotonic clock. */
  readonly #silentAt = new Map<string, number>();

  constructor(private readonly deps: { readonly redis: Redis }) {}

  /** Ids of the oldest command of each. Rejects without Redis. */
  async oldest(): Promise<string[]> {
    const { redis } = this.deps;
    const hubs = await redis.smembers(hubRegisterKey);
    const alive = await Promise.all(hubs.map((hub) => redis.exists(hubAliveKey(hub))));
    const now = performance.now();
    hubs.forEach((hub, index) => {
      if (alive[index] === 0) this.#silentAt.set(hub, now);
    });
    for (const [hub, at] of this.#silentAt) if (now - at > BACK_AFTER_MS) this.#silentAt.delete(hub);
    const pending = [...this.#silentAt.keys()].map((hub) =>
      redis.xpending(hubStream(hub), groups.agentBridge).catch(withoutGroup),
    );
    return (await Promise.all(pending)).flatMap((summary) => {
      const [, oldest] = summary as [number, string | null] | [];
      return oldest ? [oldest] : [];
    });
  }
}

/** The hub died before it made its group, or is forgotten: nothing of it is pending. */
const withoutGroup = (error: unknown): [] => {
  if (isGroupGone(error)) return [];
  throw error;
};

import type { Component } from '@viw/runtime';
import { closeRedis, waitUntilReady } from '@viw/streams';
import type { Redis } from '@viw/streams';
import type { WorkUnderWay } from './work-under-way';

/**
 * The hub's connection to Redis, first up and last down. Waits a moment only: without Redis the hub runs, says so in its
 * readiness, and refuses every agent.
 */
export const redisLife = ({ redis, pending }: { redis: Redis; pending: WorkUnderWay }): Component => ({
  name: 'redis',
  start: () => waitUntilReady(redis, { timeoutMs: 5_000 }).catch(() => undefined),
  stop: async () => {
    await pending.idle(500);
    await closeRedis(redis);
  },
});

import type { TappedServer } from '../faults/kill-points';
import { FaultProxy } from '../faults/fault-proxy';
import { postgresRequests } from '../faults/postgres-requests';
import { redisRequests } from '../faults/redis-requests';
import { WireTap } from '../faults/wire-tap';

/** One program's own way to Redis and Postgres, on which its requests can be watched. */
export interface TappedWires {
  readonly taps: Readonly<Record<TappedServer, WireTap>>;
  /** The same URLs by this way. */
  redisUrl(url: string): string;
  databaseUrl(url: string): string;
  stop(): Promise<void>;
}

/** @param ports on 127.0.0.1 of what comes next: the servers, or proxies before them */
export async function tappedWires(ports: Readonly<Record<TappedServer, number>>): Promise<TappedWires> {
  const taps = { redis: new WireTap(redisRequests), postgres: new WireTap(postgresRequests) };
  const redis = await FaultProxy.start(ports.redis, { tap: taps.redis });
  const postgres = await FaultProxy.start(ports.postgres, { tap: taps.postgres });
  return {
    taps,
    redisUrl: (url) => redis.through(url),
    databaseUrl: (url) => postgres.through(url),
    stop: async () => {
      await redis.stop();
      await postgres.stop();
    },
  };
}

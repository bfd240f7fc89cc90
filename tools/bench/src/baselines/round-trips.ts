import type { Redis } from 'ioredis';

/** Milliseconds of each PING, one after the other. */
export async function roundTrips(count: number, redis: Redis): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now();
    await redis.ping();
    times.push(performance.now() - startedAt);
  }
  return times;
}

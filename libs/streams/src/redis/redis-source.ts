import type { Redis } from 'ioredis';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { createRedis } from './connection';
import type { RedisRole } from './connection';

/** Where a reader gets its own connections from: a URL, or a function for what a URL cannot say (TLS files, Sentinel). */
export interface RedisSource {
  readonly redisUrl?: string;
  /** Must return a new, unshared client each time, with the options of `redisOptions`. */
  readonly createClient?: (role: RedisRole) => Redis;
}

export type CreateClient = (role: RedisRole) => Redis;

/** @throws AppError CONFIG_INVALID when the source names neither a URL nor a function */
export function clientFactory(
  source: RedisSource,
  { name, blockMs, logger }: { name: string; blockMs: number; logger: Logger },
): CreateClient {
  const { redisUrl, createClient } = source;
  if (createClient) return createClient;
  if (redisUrl === undefined)
    throw new AppError('CONFIG_INVALID', 'a stream reader needs redisUrl or createClient');
  return (role) => createRedis(redisUrl, { role, name: `${name}:${role}`, blockMs }, { logger });
}

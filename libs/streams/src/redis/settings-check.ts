import { AppError, isError } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { waitUntilReady } from './connection';

/** As sentences for the log. */
export interface RedisSettings {
  /** What breaks a promise of viw; empty when all is well. */
  readonly problems: readonly string[];
  /** What the account is not allowed to read: CONFIG GET would show passwords, so few accounts have it. */
  readonly unverified: readonly string[];
}

/**
 * Tells at the start of a process whether Redis keeps what is written to it. With `strict` the start waits for Redis
 * and fails, CONFIG_INVALID, when it does not; otherwise each problem is a warning once Redis is there, and nothing
 * waits. Comes after the component that connects `redis`.
 */
export function redisSettingsCheck(
  redis: Redis,
  { strict }: { strict: boolean },
  { logger }: { logger: Logger },
): Component {
  const look = async (): Promise<readonly string[]> => {
    const { problems, unverified } = await checkRedisSettings(redis);
    for (const problem of problems) logger.warn({ event: 'redis_settings' }, problem);
    for (const setting of unverified) logger.info({ event: 'redis_settings_unverified' }, setting);
    return problems;
  };
  const failed = (error: unknown): void =>
    logger.warn({ event: 'redis_settings_unchecked', error }, 'the settings of Redis could not be read');
  return {
    name: 'redis-settings',
    start: async () => {
      if (!strict) {
        if (redis.status === 'ready') look().catch(failed);
        else redis.once('ready', () => void look().catch(failed));
        return;
      }
      await waitUntilReady(redis, { timeoutMs: 30_000 });
      const problems = await look();
      if (problems.length > 0)
        throw new AppError('CONFIG_INVALID', `Redis is not safe to use: ${problems.join('; ')}`);
    },
    stop: () => undefined,
  };
}

/** Compares the server's settings with what viw promises. @throws what Redis threw */
export async function checkRedisSettings(redis: Redis): Promise<RedisSettings> {
  const problems: string[] = [];
  const info = infoFields(await redis.info());
  const major = Number(info.get('redis_version')?.split('.')[0]);
  if (!(major >= 7))
    problems.push(`Redis ${info.get('redis_version') ?? 'of unknown version'}: 7.0 or later is needed`);
  if (info.get('aof_enabled') !== '1') {
    problems.push('appendonly is off: confirmed entries are lost when Redis restarts');
  } else if (info.get('aof_last_write_status') === 'err') {
    problems.push('the append-only file cannot be written');
  }
  const policy = info.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    problems.push(`maxmemory-policy is ${policy ?? 'unknown'}, not noeviction: whole streams may be evicted`);
  }
  if (info.get('aof_enabled') !== '1') return { problems, unverified: [] };
  const fsync = await setting(redis, 'appendfsync');
  if (fsync === undefined) return { problems, unverified: ['appendfsync cannot be read by this account'] };
  if (fsync !== 'always')
    problems.push(`appendfsync is ${fsync}, not always: the last second of entries is lost in a crash`);
  return { problems, unverified: [] };
}

function infoFields(text: string): Map<string, string> {
  const pairs = text.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
  });
  return new Map(pairs);
}

/** Undefined when the account must not read it, or the service's provider has taken the command away. */
async function setting(redis: Redis, name: string): Promise<string | undefined> {
  try {
    const reply = await redis.config('GET', name);
    return reply[1];
  } catch (error) {
    if (isError(error) && /^(NOPERM|ERR)\b/.test(error.message)) return undefined;
    throw error;
  }
}

import type { Redis } from 'ioredis';

/**
 * What in the server's settings breaks a promise of viw, as sentences for the log; empty when all is well.
 * What the account may not read is reported as unknown.
 */
export async function checkRedisSettings(redis: Redis): Promise<string[]> {
  const warnings: string[] = [];
  const info = infoFields(await redis.info());
  const major = Number(info.get('redis_version')?.split('.')[0]);
  if (!(major >= 7))
    warnings.push(`Redis ${info.get('redis_version') ?? 'of unknown version'}: 7.0 or later is needed`);
  if (info.get('aof_enabled') !== '1') {
    warnings.push('appendonly is off: confirmed entries are lost when Redis restarts');
  } else if (info.get('aof_last_write_status') === 'err') {
    warnings.push('the append-only file cannot be written');
  }
  const policy = info.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    warnings.push(`maxmemory-policy is ${policy ?? 'unknown'}, not noeviction: whole streams may be evicted`);
  }
  const fsync = await setting(redis, 'appendfsync');
  if (info.get('aof_enabled') === '1' && fsync !== 'always') {
    warnings.push(
      `appendfsync is ${fsync ?? 'unknown'}, not always: the last second of entries is lost in a crash`,
    );
  }
  return warnings;
}

function infoFields(text: string): Map<string, string> {
  const pairs = text.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
  });
  return new Map(pairs);
}

async function setting(redis: Redis, name: string): Promise<string | undefined> {
  try {
    const reply = await redis.config('GET', name);
    return reply[1];
  } catch {
    return undefined;
  }
}

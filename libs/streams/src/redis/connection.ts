import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { AppError, fullJitter } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';

/** `command`: answers quickly or fails. `blocking`: one reader owns it and waits in XREAD / XREADGROUP. */
export type RedisRole = 'command' | 'blocking';

export interface RedisConnectionOptions {
  readonly role: RedisRole;
  /** Shown by CLIENT LIST, so that an operator sees who is connected. */
  readonly name: string;
  /** Longest BLOCK that a blocking connection is used with, milliseconds; 5 000 by default. */
  readonly blockMs?: number;
  /** Of a `command` connection: how long it waits for an answer, milliseconds; 10 000 by default. */
  readonly commandTimeoutMs?: number;
}

/** A peer that says nothing for this long although it owes an answer is gone. Milliseconds. */
const SILENCE_MS = 5_000;
const COMMAND_TIMEOUT_MS = 10_000;
const RECONNECT = { baseMs: 50, capMs: 1_000 };

/**
 * Options of every Redis connection of viw. None of them resends a command by itself or queues one while it is not
 * connected: a command that may or may not have been carried out is rejected, and whoever sent it decides.
 */
export function redisOptions({
  role,
  name,
  blockMs = 5_000,
  commandTimeoutMs = COMMAND_TIMEOUT_MS,
}: RedisConnectionOptions) {
  return {
    // Reply shapes are those of RESP2 on every server version.
    protocol: 2,
    lazyConnect: true,
    connectionName: name.replace(/[^\x21-\x7e]/g, '_'),
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    // With 0 a lost connection rejects what is in flight at once; otherwise those promises would never settle.
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    retryStrategy: (times) => 10 + fullJitter(RECONNECT, times - 1),
    reconnectOnError: (error) => /^(READONLY|MASTERDOWN)\b/.test(error.message),
    ...(role === 'blocking'
      ? { socketTimeout: blockMs + SILENCE_MS }
      : { socketTimeout: COMMAND_TIMEOUT_MS + SILENCE_MS, commandTimeout: commandTimeoutMs }),
  } satisfies RedisOptions;
}

/**
 * A client that is not connected yet: `waitUntilReady` (or `redisComponent`) connects it. It reconnects for ever,
 * with full jitter. The URL's password appears in no log line and no error of ours.
 *
 * @param url `redis://` or `rediss://` (TLS), with user and password where the server wants them
 * @throws AppError CONFIG_INVALID when the URL is not one of these
 */
export function createRedis(
  url: string,
  options: RedisConnectionOptions,
  { logger }: { logger?: Logger } = {},
): Redis {
  const where = endpoint(url);
  const redis = new Redis(url, redisOptions(options));
  const facts = { redis: where, connection: options.name, role: options.role };
  let reported = false;
  // Without a listener the client writes to the console.
  redis.on('error', (error: Error) => {
    if (!reported)
      logger?.warn({ event: 'redis_connection_error', ...facts, error }, 'Redis connection failed');
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) logger?.info({ event: 'redis_connected', ...facts }, 'Redis connection is back');
    reported = false;
  });
  return redis;
}

/** Host and port only. */
function endpoint(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new AppError('CONFIG_INVALID', 'the Redis URL cannot be parsed');
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new AppError('CONFIG_INVALID', 'the Redis URL must begin with redis:// or rediss://');
  }
  return parsed.host;
}

/**
 * Connects a client that has not been asked to yet and resolves when it takes commands.
 *
 * @throws AppError UNAVAILABLE after `timeoutMs`, when the signal is aborted, or when the client has been closed
 */
export async function waitUntilReady(
  redis: Redis,
  { timeoutMs = 15_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  if (redis.status === 'ready') return;
  if (redis.status === 'wait') redis.connect().catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const settle = (reason?: string): void => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('end', onEnd);
      signal?.removeEventListener('abort', onAbort);
      if (reason === undefined) resolve();
      else reject(new AppError('UNAVAILABLE', reason));
    };
    const onReady = (): void => settle();
    const onEnd = (): void => settle('the Redis connection has been closed');
    const onAbort = (): void => settle('stopped while waiting for Redis');
    const timer = setTimeout(() => settle(`Redis did not answer within ${timeoutMs} ms`), timeoutMs);
    redis.on('ready', onReady);
    redis.on('end', onEnd);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    else if (redis.status === 'end') onEnd();
  });
}

/** Waits for the answers still owed, at most a second, then closes for good. Never rejects. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()));
  if (redis.status !== 'ready') {
    redis.disconnect();
    return;
  }
  const late = setTimeout(() => redis.disconnect(), 1_000);
  // Of a connection that has ended ioredis would wait two seconds for its end, and keep the process that long.
  redis.quit().catch(() => {
    if (redis.status !== 'end') redis.disconnect();
  });
  await ended;
  clearTimeout(late);
}

/** A shared command connection as a part of the process: `start` waits for Redis, `stop` closes. */
export function redisComponent(
  redis: Redis,
  { name = 'redis', timeoutMs = 30_000 }: { name?: string; timeoutMs?: number } = {},
): Component {
  return { name, start: () => waitUntilReady(redis, { timeoutMs }), stop: () => closeRedis(redis) };
}

import { eventually, startRedis } from '@viw/testing';
import { createLogger } from '@viw/runtime';
import { checkRedisSettings, redisSettingsCheck } from '../src/index';
import { Cleanup, connect } from './setup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test('a Redis that keeps the promises gives no warning', async () => {
  const server = cleanup.add(await startRedis());
  expect(await checkRedisSettings(await connect(server.url, cleanup))).toEqual({
    problems: [],
    unverified: [],
  });
});

test('every setting that breaks one is named', async () => {
  const server = cleanup.add(
    await startRedis({ config: { appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' } }),
  );
  const redis = await connect(server.url, cleanup);
  expect((await checkRedisSettings(redis)).problems).toEqual([
    expect.stringContaining('allkeys-lru'),
    expect.stringContaining('appendfsync is everysec'),
  ]);
  await redis.config('SET', 'appendonly', 'no');
  expect((await checkRedisSettings(redis)).problems).toEqual([
    expect.stringContaining('appendonly is off'),
    expect.stringContaining('allkeys-lru'),
  ]);
});

test('a strict start is refused with the reasons, another one only warns', async () => {
  const server = cleanup.add(await startRedis({ config: { appendfsync: 'everysec' } }));
  const redis = await connect(server.url, cleanup);
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as never) };
  const logger = createLogger({ service: 'test' }, { destination });
  const check = (strict: boolean) => redisSettingsCheck(redis, { strict }, { logger });
  await expect(check(true).start()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('appendfsync is everysec') as unknown,
  });
  lines.length = 0;
  await check(false).start();
  await eventually(() =>
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', event: 'redis_settings' })]),
  );
  await redis.config('SET', 'appendfsync', 'always');
  await check(true).start();
});

test('an account that must not read a setting says so, and is not refused for it', async () => {
  const server = cleanup.add(await startRedis());
  const admin = await connect(server.url, cleanup);
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '+info');
  const redis = await connect(server.url.replace('redis://', 'redis://limited:secret@'), cleanup);
  expect(await checkRedisSettings(redis)).toEqual({
    problems: [],
    unverified: [expect.stringContaining('appendfsync')],
  });
});

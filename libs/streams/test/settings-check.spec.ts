import { startRedis } from '@viw/testing';
import { checkRedisSettings } from '../src/index';
import { Cleanup, connect } from './setup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test('a Redis that keeps the promises gives no warning', async () => {
  const server = cleanup.add(await startRedis());
  expect(await checkRedisSettings(await connect(server.url, cleanup))).toEqual([]);
});

test('every setting that breaks one is named', async () => {
  const server = cleanup.add(
    await startRedis({ config: { appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' } }),
  );
  const redis = await connect(server.url, cleanup);
  expect(await checkRedisSettings(redis)).toEqual([
    expect.stringContaining('allkeys-lru'),
    expect.stringContaining('appendfsync is everysec'),
  ]);
  await redis.config('SET', 'appendonly', 'no');
  expect(await checkRedisSettings(redis)).toEqual([
    expect.stringContaining('appendonly is off'),
    expect.stringContaining('allkeys-lru'),
  ]);
});

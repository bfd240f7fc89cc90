import { startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { groupState } from '../src/index';
import { Cleanup, connect, uniqueStream } from './setup';

let server: RedisServer;
const cleanup = new Cleanup();
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await cleanup.run();
  await server.stop();
});

test('how far a group has come; undefined without it', async () => {
  const redis = await connect(server.url, cleanup);
  const stream = uniqueStream();
  expect(await groupState(redis, stream, 'g')).toBeUndefined();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(String(await redis.xadd(stream, '*', 'n', String(n))));
  expect(await groupState(redis, stream, 'g')).toBeUndefined();
  await redis.xgroup('CREATE', stream, 'another', '$');
  await redis.xgroup('CREATE', stream, 'g', '0');
  expect(await groupState(redis, stream, 'g')).toEqual({ pending: 0, delivered: '0-0', lag: 3 });
  await redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', 2, 'STREAMS', stream, '>');
  await redis.xack(stream, 'g', ids[0] ?? '');
  expect(await groupState(redis, stream, 'g')).toEqual({ pending: 1, delivered: ids[1], lag: 1 });
});

test('a key that is no stream is an error', async () => {
  const redis = await connect(server.url, cleanup);
  const key = uniqueStream();
  await redis.set(key, 'x');
  await expect(groupState(redis, key, 'g')).rejects.toThrow('WRONGTYPE');
});

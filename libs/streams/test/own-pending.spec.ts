import { startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { OwnPending } from '../src/consume/own-pending';
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

test('a restart counts also while the next entry is being read: what was let go meanwhile is found', async () => {
  const redis = await connect(server.url, cleanup);
  const member = { stream: uniqueStream(), group: 'g', consumer: 'c' };
  const ids: string[] = [];
  for (let n = 0; n < 2; n++) ids.push(String(await redis.xadd(member.stream, '*', 'n', String(n))));
  await redis.xgroup('CREATE', member.stream, 'g', '0');
  await redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', 2, 'STREAMS', member.stream, '>');

  const pending = new OwnPending(member);
  const next = async (): Promise<string | undefined> => (await pending.next(redis, 1)).entries[0]?.id;
  expect(await next()).toBe(ids[0]);
  // The walk has passed the first one by, which somebody lets go at this moment.
  const second = next();
  pending.restart();
  expect(await second).toBe(ids[1]);
  expect(pending.finished).toBe(false);
  expect([await next(), await next(), await next()]).toEqual([...ids, undefined]);
  expect(pending.finished).toBe(true);
});

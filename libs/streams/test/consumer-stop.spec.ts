import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import type { Redis } from 'ioredis';
import type { StreamProducer } from '../src/index';
import {
  Cleanup,
  connect,
  pendingCount,
  publishAll,
  range,
  recorder,
  startConsumer,
  startProducer,
  uniqueStream,
} from './setup';

let server: RedisServer;
const cleanup = new Cleanup();
let redis: Redis;
let producer: StreamProducer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  redis = await connect(server.url, cleanup);
  producer = startProducer(redis, cleanup);
});
afterEach(() => cleanup.run());

const names = (ids: readonly number[]): string[] => ids.map(String);

test('stop finishes the batch, acknowledges it and leaves the group', async () => {
  const stream = uniqueStream();
  const record = recorder();
  let finish: () => void = () => undefined;
  record.before = () => new Promise<void>((resolve) => (finish = resolve));
  await publishAll(producer, stream, range(20));
  const consumer = startConsumer(server.url, stream, record.handler, cleanup, { batchSize: 10 });
  await eventually(() => expect(record.batches).toHaveLength(1));
  const stopped = consumer.stop();
  finish();
  await stopped;
  expect(record.seen).toEqual(names(range(10)));
  expect(await pendingCount(redis, stream)).toBe(0);
  expect(await redis.xinfo('CONSUMERS', stream, 'g')).toEqual([]);
  expect(await redis.keys('viw:consumer:*' + stream + '*')).toEqual([]);
});

test('stop does not wait for a blocked read to run out', async () => {
  const stream = uniqueStream();
  const consumer = startConsumer(server.url, stream, recorder().handler, cleanup, { blockMs: 30_000 });
  await eventually(async () =>
    expect(await redis.client('LIST')).toMatch(new RegExp(`name=one:${stream}:blocking.*cmd=xreadgroup`)),
  );
  const before = performance.now();
  await consumer.stop();
  expect(performance.now() - before).toBeLessThan(20_000);
});

test('stop during an outage leaves the batch pending, and the next start handles it', async () => {
  const stream = uniqueStream();
  const record = recorder();
  record.before = () => {
    throw Object.assign(new Error('away'), { code: '57P01' });
  };
  await publishAll(producer, stream, [1, 2]);
  const consumer = startConsumer(server.url, stream, record.handler, cleanup);
  await eventually(() => expect(record.batches.length).toBeGreaterThan(1));
  await consumer.stop();
  expect(await pendingCount(redis, stream)).toBe(2);
  const second = recorder();
  startConsumer(server.url, stream, second.handler, cleanup);
  await eventually(() => expect(second.seen).toEqual(['1', '2']));
  expect(second.deliveries.get('1')).toBe(2);
});

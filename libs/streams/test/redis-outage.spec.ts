import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import type { Redis } from 'ioredis';
import { AppError } from '@viw/runtime';
import {
  Cleanup,
  body,
  connect,
  contract,
  pendingCount,
  publishAll,
  range,
  recorder,
  startConsumer,
  startProducer,
  uniqueStream,
} from './setup';

let server: RedisServer;
let redis: Redis;
const cleanup = new Cleanup();

beforeEach(async () => {
  server = await startRedis();
  redis = await connect(server.url, cleanup);
});
afterEach(async () => {
  await cleanup.run();
  await server.stop();
});

test('a Redis that is away longer than BLOCK: the consumer goes on and nothing is lost', async () => {
  const stream = uniqueStream();
  const record = recorder();
  const producer = startProducer(redis, cleanup);
  const consumer = startConsumer(server.url, stream, record.handler, cleanup, { blockMs: 200 });
  await publishAll(producer, stream, [1]);
  await eventually(() => expect(record.seen).toEqual(['1']));
  await server.kill();
  const pending = publishAll(producer, stream, [2, 3]);
  await eventually(() => expect(consumer.state).toBe('connecting'));
  const downSince = performance.now();
  await eventually(() => expect(performance.now() - downSince).toBeGreaterThan(600));
  await server.restart();
  await pending;
  await eventually(() => expect([...new Set(record.seen)]).toEqual(['1', '2', '3']));
  await eventually(async () => expect(await pendingCount(redis, stream)).toBe(0), { timeoutMs: 30_000 });
});

test('a Redis that hangs is given up by the socket limit, and the consumer goes on when it wakes', async () => {
  const stream = uniqueStream();
  const record = recorder();
  const producer = startProducer(redis, cleanup);
  const consumer = startConsumer(server.url, stream, record.handler, cleanup, { blockMs: 200 });
  await publishAll(producer, stream, [1]);
  await eventually(() => expect(record.seen).toEqual(['1']));
  server.program.signal('SIGSTOP');
  try {
    await eventually(() => expect(consumer.state).toBe('connecting'), { timeoutMs: 30_000 });
  } finally {
    server.program.signal('SIGCONT');
  }
  await publishAll(producer, stream, [2]);
  await eventually(() => expect([...new Set(record.seen)]).toEqual(['1', '2']));
});

test('Redis killed again and again while publishing: each confirmed entry is in the stream, each event handled', async () => {
  const stream = uniqueStream();
  const producer = startProducer(redis, cleanup, { maxBatch: 20 });
  const handled = new Set<string>();
  startConsumer(
    server.url,
    stream,
    async (batch) => batch.forEach((entry) => handled.add(entry.header.event_id)),
    cleanup,
  );
  const confirmed: string[] = [];
  const events = new Set<string>();
  let publishing = true;
  const writer = (async () => {
    for (let n = 0; publishing; n += 50) {
      await Promise.all(
        range(50, n).map(async (id) => {
          const eventId = `01936b2e-0000-7000-8000-${String(id).padStart(12, '0')}`;
          confirmed.push(await producer.publish(contract, body(id), { stream, eventId }));
          events.add(eventId);
        }),
      );
    }
  })();
  for (let round = 1; round <= 3; round++) {
    const before = confirmed.length;
    await eventually(() => expect(confirmed.length).toBeGreaterThan(before + 100));
    await server.kill();
    await server.restart();
  }
  publishing = false;
  await writer;
  await eventually(() => redis.ping());
  const stored = new Map((await redis.xrange(stream, '-', '+')).map(([id, fields]) => [id, fields[1]]));
  expect(confirmed.filter((id) => !stored.has(id))).toEqual([]);
  expect(new Set(stored.values())).toEqual(events);
  await eventually(() => expect(handled).toEqual(events));
  await eventually(async () => expect(await pendingCount(redis, stream)).toBe(0));
});

test('an acknowledgement that Redis did not get is repeated without handling the entries again', async () => {
  const stream = uniqueStream();
  const record = recorder();
  record.before = async (ids) => {
    if (ids.includes('1')) await server.kill();
  };
  const producer = startProducer(redis, cleanup);
  await publishAll(producer, stream, [1, 2]);
  startConsumer(server.url, stream, record.handler, cleanup);
  await eventually(() => expect(record.seen).toEqual(['1', '2']));
  await server.restart();
  await eventually(async () => expect(await pendingCount(redis, stream)).toBe(0), { timeoutMs: 30_000 });
  expect(record.seen).toEqual(['1', '2']);
});

test('while Redis is away publish waits; its own limit or stop rejects it as retryable', async () => {
  const stream = uniqueStream();
  const producer = startProducer(redis, cleanup, { stopTimeoutMs: 100 });
  await server.kill();
  const limited = producer.publish(contract, body(1), { stream, timeoutMs: 50 });
  await expect(limited).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  const open = producer.publish(contract, body(2), { stream });
  const rejected = expect(open).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  await producer.stop();
  await rejected;
  await expect(producer.publish(contract, body(3), { stream })).rejects.toBeInstanceOf(AppError);
});

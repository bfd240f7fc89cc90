import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import {
  body,
  contract,
  pendingCount,
  publishAll,
  range,
  recorder,
  startConsumer,
  uniqueStream,
} from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

const names = (ids: readonly number[]): string[] => ids.map(String);

test('what was there before the group is read, in order, in batches, and acknowledged', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, range(250));
  const record = recorder();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: 100 });
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  await eventually(() => expect(record.seen).toEqual(names(range(250))));
  expect(record.batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
});

test.each([
  ['DEL of the stream', (stream: string) => stage.redis.del(stream)],
  ['FLUSHALL', () => stage.redis.flushall()],
  ['XGROUP DESTROY', (stream: string) => stage.redis.xgroup('DESTROY', stream, 'g')],
])('%s: the group is made again and nothing added afterwards is missed', async (_, destroy) => {
  const stream = uniqueStream();
  const record = recorder();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  await publishAll(stage.producer, stream, [1]);
  await eventually(async () => {
    expect(record.seen).toEqual(['1']);
    expect(await pendingCount(stage.redis, stream)).toBe(0);
  });
  await destroy(stream);
  await publishAll(stage.producer, stream, [2, 3]);
  await eventually(() => expect(record.seen).toEqual(expect.arrayContaining(['2', '3'])));
  expect(record.seen.indexOf('2')).toBeLessThan(record.seen.indexOf('3'));
});

test.each(['57P01', '08006', '53300', '40001', '40P01', 'ECONNREFUSED'])(
  '%s pauses reading, keeps the order and dead-letters nothing',
  async (code) => {
    const stream = uniqueStream();
    const metrics = createMetrics('test');
    const record = recorder();
    let outages = 5;
    record.before = () => {
      if (outages-- > 0) throw Object.assign(new Error('database is away'), { code });
    };
    await publishAll(stage.producer, stream, range(30));
    startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: 10 }, metrics);
    await eventually(() => expect(record.seen).toEqual(names(range(30))));
    await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
    expect(record.batches.slice(0, 6)).toEqual(Array(6).fill(names(range(10))));
    expect(await stage.redis.exists(`${stream}.dead`)).toBe(0);
    expect(await metrics.metrics()).toMatch(/viw_stream_retries_total\{[^}]*\} 5/);
  },
);

test('retry of single entries: the others are acknowledged, the rest comes again before anything newer', async () => {
  const stream = uniqueStream();
  const record = recorder();
  let first = true;
  record.before = (_, entryIds) => {
    if (!first) return;
    first = false;
    return new Map([[entryIds[1] ?? '', 'retry']]);
  };
  await publishAll(stage.producer, stream, range(4));
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: 3 });
  await eventually(() => expect(record.batches).toEqual([['0', '1', '2'], ['1'], ['3']]));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
});

test('held entries stay pending, are not handed out again, and end by acknowledge or redeliver', async () => {
  const stream = uniqueStream();
  const record = recorder();
  let hold = true;
  record.before = (_, entryIds) => (hold ? new Map(entryIds.map((id) => [id, 'hold'] as const)) : undefined);
  const ids = await publishAll(stage.producer, stream, [1, 2, 3]);
  const consumer = startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  await eventually(() => expect(consumer.held).toBe(3));
  // A new connection makes the consumer walk its own pending list.
  await stage.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  hold = false;
  await eventually(() => publishAll(stage.producer, stream, [4]));
  await eventually(() => expect(record.seen).toContain('4'));
  expect(record.seen.filter((id) => id !== '4')).toEqual(['1', '2', '3']);
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(3));

  await consumer.acknowledge(ids.slice(0, 2));
  expect(await pendingCount(stage.redis, stream)).toBe(1);
  consumer.redeliver(ids.slice(2));
  await eventually(() => expect(record.seen.filter((id) => id === '3')).toHaveLength(2));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  expect(consumer.held).toBe(0);
});

test('an answer that comes before the handler says hold is not lost', async () => {
  const stream = uniqueStream();
  const record = recorder();
  const consumer = startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  record.before = async (_, entryIds) => {
    await consumer.acknowledge(entryIds);
    return new Map(entryIds.map((id) => [id, 'hold'] as const));
  };
  await publishAll(stage.producer, stream, [1]);
  await eventually(() => expect(record.seen).toEqual(['1']));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  expect(consumer.held).toBe(0);
});

test('pending entries that were deleted from the stream are counted as lost', async () => {
  const stream = uniqueStream();
  const metrics = createMetrics('test');
  const ids = await publishAll(stage.producer, stream, [1, 2]);
  await stage.redis.xgroup('CREATE', stream, 'g', '0');
  await stage.redis.xreadgroup('GROUP', 'g', 'one', 'COUNT', 10, 'STREAMS', stream, '>');
  await stage.redis.xdel(stream, ids[0] ?? '');
  const record = recorder();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, {}, metrics);
  await eventually(() => expect(record.seen).toEqual(['2']));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  expect(await metrics.metrics()).toMatch(/viw_stream_lost_entries_total\{[^}]*\} 1/);
});

test('lag and pending are measured', async () => {
  const stream = uniqueStream();
  const metrics = createMetrics('test');
  const record = recorder();
  record.before = () => new Promise<void>(() => undefined);
  await publishAll(stage.producer, stream, range(15));
  startConsumer(
    stage.server.url,
    stream,
    record.handler,
    stage.cleanup,
    { batchSize: 10, livenessTtlMs: 300, stopTimeoutMs: 50 },
    metrics,
  );
  await eventually(async () => {
    const text = await metrics.metrics();
    expect(text).toMatch(new RegExp(`viw_stream_lag\\{stream="${contract.stream}",group="g"[^}]*\\} 5`));
    expect(text).toMatch(/viw_stream_pending\{[^}]*\} 10/);
  });
});

test('an entry carries its facts to the handler', async () => {
  const stream = uniqueStream();
  const facts = {
    eventId: '01936b2e-0000-7000-8000-00000000000b',
    correlationId: '01936b2e-0000-7000-8000-000000000001',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };
  await stage.producer.publish(contract, body(1), { stream, ...facts });
  const headers: unknown[] = [];
  startConsumer(
    stage.server.url,
    stream,
    async (batch) => void headers.push(...batch.map(({ header }) => header)),
    stage.cleanup,
  );
  await eventually(() =>
    expect(headers).toMatchObject([
      { event_id: facts.eventId, correlation_id: facts.correlationId, traceparent: facts.traceparent, v: 1 },
    ]),
  );
});

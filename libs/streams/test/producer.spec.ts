import { jsonText } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import type { Redis } from 'ioredis';
import { PoisonEntryError, ShedError, createRedis, decodeEntry } from '../src/index';
import { body, contract, publishAll, range, startProducer, uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

const storedIds = async (stream: string): Promise<string[]> =>
  (await stage.redis.xrange(stream, '-', '+')).map(
    ([, fields]) => (JSON.parse(fields[fields.indexOf('body') + 1] ?? '') as { id: string }).id,
  );

test('order is kept over many pipelines; every promise gives the id of its entry', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup, { maxBatch: 7 });
  const ids = await publishAll(producer, stream, range(1_000));
  expect(await storedIds(stream)).toEqual(range(1_000).map(String));
  expect((await stage.redis.xrange(stream, '-', '+')).map(([id]) => id)).toEqual(ids);
  expect(producer.pressure).toBe(0);
});

test('a body that breaks its contract never gets into the stream, and unknown keys are dropped', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup);
  const wrong = { kind: 'nonsense', id: 'x' } as unknown as ReturnType<typeof body>;
  await expect(producer.publish(contract, wrong, { stream })).rejects.toMatchObject({ field: 'body.kind' });
  await expect(producer.publish(contract, body(1), { stream, eventId: 'x' })).rejects.toBeInstanceOf(
    PoisonEntryError,
  );
  const extra = { ...body(1), password: 'secret' };
  await producer.publish(contract, extra, { stream });
  expect(JSON.stringify(await stage.redis.xrange(stream, '-', '+'))).not.toContain('secret');
});

test('a body validated before stands in the stream as it would have by validation, in its order', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup);
  await Promise.all([
    producer.publish(contract, body(1), { stream }),
    producer.publishValidated(contract, jsonText(contract.body.parse(body(2))), { stream }),
    producer.publish(contract, body(3), { stream }),
  ]);
  const entries = await stage.redis.xrange(stream, '-', '+');
  expect(entries.map(([, fields]) => decodeEntry(contract, fields).body)).toEqual([1, 2, 3].map(body));
  await expect(
    producer.publishValidated(contract, jsonText(contract.body.parse(body(4))), { stream, eventId: 'x' }),
  ).rejects.toBeInstanceOf(PoisonEntryError);
});

test('full: the oldest telemetry goes first, essential entries are refused only when none is left', async () => {
  const stream = uniqueStream();
  const metrics = createMetrics('test');
  // Not connected before the end of the test: everything stays in the buffer.
  const later = stage.cleanup.client(createRedis(stage.server.url, { role: 'command', name: 'later' }));
  const held = Object.create(later, { status: { get: () => (open ? later.status : 'connecting') } }) as Redis;
  let open = false;
  const producer = startProducer(held, stage.cleanup, { maxBuffered: 3 }, metrics);
  const telemetry = (id: number): Promise<string> =>
    producer.publish(contract, body(id), { stream, priority: 'telemetry' });
  const essential = (id: number): Promise<string> => producer.publish(contract, body(id), { stream });

  const settled = [telemetry(1), essential(2), telemetry(3), telemetry(4)].map((promise) =>
    promise.then(
      () => 'stored',
      (error: unknown) => error,
    ),
  );
  expect(await settled[0]).toBeInstanceOf(ShedError);
  expect(producer.pressure).toBe(1);
  settled.push(...[essential(5), essential(6)].map((promise) => promise.then(() => 'stored')));
  expect(await settled[2]).toBeInstanceOf(ShedError);
  expect(await settled[3]).toBeInstanceOf(ShedError);
  await expect(essential(7)).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true });
  await expect(telemetry(8)).rejects.toBeInstanceOf(ShedError);
  expect(await metrics.metrics()).toMatch(/viw_stream_shed_total\{[^}]*\} 4/);

  open = true;
  later.connect().catch(() => undefined);
  await Promise.all(settled);
  expect(await storedIds(stream)).toEqual(['2', '5', '6']);
});

test('an entry that Redis refuses for good rejects alone', async () => {
  const stream = uniqueStream();
  await stage.redis.set(`${stream}.string`, 'not a stream');
  const producer = startProducer(stage.redis, stage.cleanup);
  const results = await Promise.allSettled([
    producer.publish(contract, body(1), { stream }),
    producer.publish(contract, body(2), { stream: `${stream}.string` }),
    producer.publish(contract, body(3), { stream }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: 'INTERNAL_ERROR', retryable: false } });
});

test('out of memory is an outage: entries wait until there is room again', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup);
  await stage.redis.config('SET', 'maxmemory', '1');
  const waiting = publishAll(producer, stream, range(5));
  await eventually(() => expect(producer.pressure).toBeGreaterThan(0));
  await eventually(async () => expect(await stage.redis.info('errorstats')).toContain('errorstat_OOM'));
  await stage.redis.config('SET', 'maxmemory', '0');
  await waiting;
  expect(await storedIds(stream)).toEqual(range(5).map(String));
});

test('stop waits for what has been accepted', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup);
  const accepted = publishAll(producer, stream, range(2_000));
  await producer.stop();
  await accepted;
  expect(await stage.redis.xlen(stream)).toBe(2_000);
});

test('maxlen keeps a stream short', async () => {
  const stream = uniqueStream();
  const producer = startProducer(stage.redis, stage.cleanup);
  await Promise.all(range(1_000).map((id) => producer.publish(contract, body(id), { stream, maxlen: 100 })));
  expect(await stage.redis.xlen(stream)).toBeLessThanOrEqual(300);
});

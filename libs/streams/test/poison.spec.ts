import { eventually } from '@viw/testing';
import { poison } from '../src/index';
import { pendingCount, publishAll, range, recorder, startConsumer, uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

const names = (ids: readonly number[]): string[] => ids.map(String);
const deadBodies = async (stream: string): Promise<Record<string, unknown>[]> =>
  (await stage.redis.xrange(`${stream}.dead`, '-', '+')).map(
    ([, fields]) => JSON.parse(fields[fields.indexOf('body') + 1] ?? '') as Record<string, unknown>,
  );

test('entries that cannot be decoded go to the dead-letter stream and do not stop the loop', async () => {
  const stream = uniqueStream();
  const record = recorder();
  await publishAll(stage.producer, stream, [1]);
  await stage.redis.xadd(stream, '*', 'body', '{"kind":"gateway","id":"no header"}');
  await stage.redis.xadd(
    stream,
    '*',
    'event_id',
    '01936b2e-0000-7000-8000-00000000000b',
    'ts',
    '2026-11-21T08:00:00Z',
    'v',
    '1',
    'body',
    '{secret',
  );
  await stage.redis.xadd(
    stream,
    '*',
    'event_id',
    '01936b2e-0000-7000-8000-00000000000b',
    'ts',
    '2026-11-21T08:00:00Z',
    'v',
    '1',
    'body',
    '{"kind":"s3cret","id":"x"}',
  );
  await publishAll(stage.producer, stream, [2]);
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  await eventually(async () => {
    expect(record.seen).toEqual(['1', '2']);
    expect(await pendingCount(stage.redis, stream)).toBe(0);
  });
  const dead = await deadBodies(stream);
  expect(dead.map(({ error }) => (error as { code: string }).code)).toEqual(Array(3).fill('SCHEMA_MISMATCH'));
  const reasons = dead.map(({ error }) => (error as { msg: string }).msg);
  expect(reasons[0]).toContain('event_id');
  expect(reasons[1]).toBe('body: not valid JSON');
  expect(reasons[2]).toContain('body.kind');
  expect(reasons.join()).not.toContain('s3cret');
  expect(dead[1]).toMatchObject({ stream, group: 'g', consumer: 'one', delivery_count: 1 });
  expect((dead[1]?.fields as string[]).at(-1)).toBe('{secret');
});

test('poison in the middle of a batch is found by halving; everything else is handled', async () => {
  const stream = uniqueStream();
  const record = recorder();
  record.before = (ids) => {
    if (ids.includes('61')) throw new TypeError('cannot handle this');
  };
  await publishAll(stage.producer, stream, range(100));
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: 100 });
  await eventually(async () => {
    expect(record.seen).toEqual(names(range(100).filter((id) => id !== 61)));
    expect(await pendingCount(stage.redis, stream)).toBe(0);
  });
  expect(await deadBodies(stream)).toMatchObject([
    { error: { code: 'TypeError', msg: 'cannot handle this' }, delivery_count: 1 },
  ]);
});

test('poison named by the handler is set aside without trying the others again', async () => {
  const stream = uniqueStream();
  const record = recorder();
  record.before = (ids, entryIds) => new Map([[entryIds[ids.indexOf('2')] ?? '', poison('no such gateway')]]);
  await publishAll(stage.producer, stream, range(5));
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  await eventually(async () =>
    expect(await deadBodies(stream)).toMatchObject([{ error: { code: 'POISON', msg: 'no such gateway' } }]),
  );
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  expect(record.batches).toEqual([names(range(5))]);
});

test('maxDeliveries sets aside what was handed out too often, untried', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, [1]);
  await stage.redis.xgroup('CREATE', stream, 'g', '0');
  await stage.redis.xreadgroup('GROUP', 'g', 'one', 'COUNT', 10, 'STREAMS', stream, '>');
  const record = recorder();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { maxDeliveries: 1 });
  await eventually(async () => expect(await deadBodies(stream)).toMatchObject([{ delivery_count: 2 }]));
  expect(record.batches).toEqual([]);
});

import { eventually } from '@viw/testing';
import { pendingCount, publishAll, range, recorder, startConsumer, uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

const names = (ids: readonly number[]): string[] => ids.map(String);

test('stop finishes the batch, acknowledges it and leaves the group', async () => {
  const stream = uniqueStream();
  const record = recorder();
  let finish: () => void = () => undefined;
  record.before = () => new Promise<void>((resolve) => (finish = resolve));
  await publishAll(stage.producer, stream, range(20));
  const consumer = startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: 10 });
  await eventually(() => expect(record.batches).toHaveLength(1));
  const stopped = consumer.stop();
  finish();
  await stopped;
  expect(record.seen).toEqual(names(range(10)));
  expect(await pendingCount(stage.redis, stream)).toBe(0);
  expect(await stage.redis.xinfo('CONSUMERS', stream, 'g')).toEqual([]);
  expect(await stage.redis.keys('viw:consumer:*' + stream + '*')).toEqual([]);
});

test('stop does not wait for a blocked read to run out', async () => {
  const stream = uniqueStream();
  const consumer = startConsumer(stage.server.url, stream, recorder().handler, stage.cleanup, {
    blockMs: 30_000,
  });
  await eventually(async () =>
    expect(await stage.redis.client('LIST')).toMatch(
      new RegExp(`name=one:${stream}:blocking.*cmd=xreadgroup`),
    ),
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
  await publishAll(stage.producer, stream, [1, 2]);
  const consumer = startConsumer(stage.server.url, stream, record.handler, stage.cleanup);
  await eventually(() => expect(record.batches.length).toBeGreaterThan(1));
  await consumer.stop();
  expect(await pendingCount(stage.redis, stream)).toBe(2);
  const second = recorder();
  startConsumer(stage.server.url, stream, second.handler, stage.cleanup);
  await eventually(() => expect(second.seen).toEqual(['1', '2']));
  expect(second.deliveries.get('1')).toBe(2);
});

import { eventually } from '@viw/testing';
import { pendingCount, publishAll, range, recorder, startConsumer, uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

const BATCH = 10;
const ids = (count: number, from = 0): string[] => range(count, from).map(String);

/** A handler that stands in its first batch until `goOn`. */
function standing() {
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const record = recorder();
  record.before = () => gate;
  return { record, goOn: () => goOn() };
}

test('the next batch is here while the handler is busy, and no more than that', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, range(35));
  const { record, goOn } = standing();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, {
    batchSize: BATCH,
    readAhead: true,
  });
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(2 * BATCH));
  expect(record.batches).toEqual([ids(BATCH)]);
  goOn();
  await eventually(() => expect(record.seen).toEqual(ids(35)));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
});

test('without being asked to, a consumer takes one batch at a time', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, range(30));
  const { record, goOn } = standing();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, { batchSize: BATCH });
  await eventually(() => expect(record.batches).toHaveLength(1));
  expect(await pendingCount(stage.redis, stream)).toBe(BATCH);
  goOn();
  await eventually(() => expect(record.seen).toEqual(ids(30)));
});

test('a stop finishes what was read ahead', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, range(30));
  const { record, goOn } = standing();
  const options = { batchSize: BATCH, readAhead: true };
  const consumer = startConsumer(stage.server.url, stream, record.handler, stage.cleanup, options);
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(2 * BATCH));
  const stopped = consumer.stop();
  goOn();
  await stopped;
  expect(record.seen).toEqual(ids(2 * BATCH));
  expect(await pendingCount(stage.redis, stream)).toBe(0);
  expect(await stage.redis.xinfo('CONSUMERS', stream, 'g')).toEqual([]);
});

test('after a lost connection what was read ahead is handled once', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, range(30));
  const { record, goOn } = standing();
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, {
    batchSize: BATCH,
    readAhead: true,
  });
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(2 * BATCH));
  await stage.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  goOn();
  await eventually(() => expect(record.seen).toHaveLength(30));
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(0));
  expect([...record.seen].sort()).toEqual(ids(30).sort());
});

test('what another consumer has taken before its turn is left to it', async () => {
  const stream = uniqueStream();
  const entries = await publishAll(stage.producer, stream, range(2 * BATCH));
  await stage.redis.xadd(stream, '*', 'body', 'poison');
  const { record, goOn } = standing();
  const options = { batchSize: BATCH + 1, readAhead: true, minIdleMs: 300 };
  startConsumer(stage.server.url, stream, record.handler, stage.cleanup, options);
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(2 * BATCH + 1));
  const [taken = ''] = entries.slice(-1);
  const poison = (await stage.redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '';
  await stage.redis.xclaim(stream, 'g', 'other', 0, taken, poison);
  // Two renewals of what is its own: it has seen whose the others are.
  const idle = async (): Promise<number> => {
    const rows = (await stage.redis.xpending(stream, 'g', '-', '+', 100)) as [string, string, number][];
    return rows.find(([, owner]) => owner === 'one')?.[2] ?? 0;
  };
  let [renewals, before] = [0, await idle()];
  await eventually(
    async () => {
      const now = await idle();
      if (now < before) renewals++;
      before = now;
      expect(renewals).toBeGreaterThanOrEqual(2);
    },
    { everyMs: 5 },
  );
  goOn();
  await eventually(() => expect(record.seen).toEqual(ids(2 * BATCH - 1)));
  expect(await stage.redis.xlen(`${stream}.dead`)).toBe(0);
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(2));
});

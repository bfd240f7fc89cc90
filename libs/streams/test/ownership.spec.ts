import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { StreamConsumer, poison } from '../src/index';
import type { Delivered, HandlerContext, Outcome } from '../src/index';
import { contract, logger, pendingCount, publishAll, uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

/** Entries idle for longer than this count as abandoned; renewed three times as often. */
const MIN_IDLE_MS = 1_200;

interface Call {
  readonly batch: readonly Delivered<{ id: string }>[];
  readonly context: HandlerContext;
  readonly resolve: (outcomes?: Map<string, Outcome>) => void;
  readonly reject: (error: unknown) => void;
}

/** A consumer whose handler does what the test tells it, call by call. */
function startSlow(
  stream: string,
  minIdleMs = MIN_IDLE_MS,
): {
  calls: Call[];
  lost: string[];
  consumer: StreamConsumer<typeof contract>;
} {
  const calls: Call[] = [];
  const lost: string[] = [];
  const consumer = new StreamConsumer(
    {
      contract,
      stream,
      group: 'g',
      consumer: 'slow',
      blockMs: 200,
      minIdleMs,
      backoff: { baseMs: 5, capMs: 20 },
    },
    {
      redisUrl: stage.server.url,
      logger,
      metrics: createMetrics('test'),
      onLost: (ids) => lost.push(...ids),
      handler: (batch, context) =>
        new Promise<Map<string, Outcome> | void>((resolve, reject) =>
          calls.push({ batch, context, resolve, reject }),
        ),
    },
  );
  stage.cleanup.add({
    stop: () => {
      for (const { resolve } of calls) resolve();
      return consumer.stop();
    },
  });
  consumer.start();
  return { calls, lost, consumer };
}

/** By this time Redis 7.0's own tools (XAUTOCLAIM) tell what looks abandoned. */
const idleOf = async (stream: string): Promise<number[]> =>
  ((await stage.redis.xpending(stream, 'g', '-', '+', 10)) as [string, string, number, number][]).map(
    ([, , idle]) => idle,
  );

/**
 * Resolves when the entries have been renewed twice and are as fresh as that: had they not been, they would have been abandoned
 * by then. To take them over in earnest would be a race with a consumer that stands still for a moment.
 */
async function renewedTwice(stream: string): Promise<void> {
  let renewals = 0;
  let before: number[] = [];
  await eventually(
    async () => {
      const idle = await idleOf(stream);
      expect(Math.max(...idle)).toBeLessThan(MIN_IDLE_MS);
      if (idle.some((ms, index) => ms < (before[index] ?? 0))) renewals++;
      before = idle;
      expect(renewals).toBeGreaterThanOrEqual(4);
    },
    { everyMs: 10 },
  );
}

test('what takes longer than the idle time, in the handler or held, is not taken for abandoned', async () => {
  const stream = uniqueStream();
  const { calls, consumer } = startSlow(stream);
  await publishAll(stage.producer, stream, [1, 2]);
  await eventually(() => expect(calls.flatMap(({ batch }) => batch)).toHaveLength(2));
  await renewedTwice(stream);
  const ids = calls.flatMap(({ batch }) => batch.map(({ id }) => id));
  for (const { batch, resolve } of calls) resolve(new Map(batch.map(({ id }) => [id, 'hold'])));
  await eventually(() => expect(consumer.held).toBe(2));
  await renewedTwice(stream);
  await consumer.acknowledge(ids);
  expect(await pendingCount(stage.redis, stream)).toBe(0);
});

test('asked for, ownership is verified at once; without its group a consumer owns nothing', async () => {
  const stream = uniqueStream();
  const { calls, lost, consumer } = startSlow(stream, 3_600_000);
  await publishAll(stage.producer, stream, [1, 2, 3]);
  await eventually(() => expect(calls.flatMap(({ batch }) => batch)).toHaveLength(3));
  const ids = calls.flatMap(({ batch }) => batch.map(({ id }) => id));
  for (const { batch, resolve } of calls) resolve(new Map(batch.map(({ id }) => [id, 'hold'])));
  await eventually(() => expect(consumer.held).toBe(3));
  await consumer.verifyOwnership();
  expect(lost).toEqual([]);
  await stage.redis.xack(stream, 'g', ids[1] ?? '');
  await stage.redis.xdel(stream, ids[1] ?? '');
  await consumer.verifyOwnership();
  expect(lost).toEqual([ids[1]]);
  await stage.redis.del(stream);
  await consumer.verifyOwnership();
  expect(lost).toEqual([ids[1], ids[0], ids[2]]);
  expect(consumer.held).toBe(0);
});

test('renewals are no deliveries', async () => {
  const stream = uniqueStream();
  const { calls } = startSlow(stream);
  await publishAll(stage.producer, stream, [1]);
  await eventually(() => expect(calls).toHaveLength(1));
  await renewedTwice(stream);
  expect(await stage.redis.xpending(stream, 'g', '-', '+', 10)).toEqual([
    [expect.any(String), 'slow', expect.any(Number), 1],
  ]);
});

test('a handler is told that another has taken its entry, which is neither tried again nor set aside', async () => {
  const stream = uniqueStream();
  const { calls } = startSlow(stream);
  await publishAll(stage.producer, stream, [1]);
  await eventually(() => expect(calls).toHaveLength(1));
  const [call] = calls;
  const id = call?.batch[0]?.id ?? '';
  expect(call?.context.ownership.aborted).toBe(false);
  await stage.redis.xclaim(stream, 'g', 'other', 0, id);
  await eventually(() => expect(call?.context.ownership.aborted).toBe(true));
  call?.reject(call.context.ownership.reason);

  await publishAll(stage.producer, stream, [2]);
  await eventually(() => expect(calls).toHaveLength(2));
  expect(calls[1]?.batch.map(({ body }) => body.id)).toEqual(['2']);
  expect(calls[1]?.context.ownership.aborted).toBe(false);
  await stage.redis.xclaim(stream, 'g', 'other', 0, calls[1]?.batch[0]?.id ?? '');
  await eventually(() => expect(calls[1]?.context.ownership.aborted).toBe(true));
  calls[1]?.resolve(new Map([[calls[1]?.batch[0]?.id ?? '', poison('not ours to judge')]]));

  await publishAll(stage.producer, stream, [3]);
  await eventually(() => expect(calls).toHaveLength(3));
  expect(await stage.redis.exists(`${stream}.dead`)).toBe(0);
  // The renewals left both with the one who took them.
  const owners = (await stage.redis.xpending(stream, 'g', '-', '+', 10)) as string[][];
  expect(owners.map(([, owner]) => owner)).toEqual(['other', 'other', 'slow']);
});

test('the holder of an entry is told that another has taken it, and holds it no longer', async () => {
  const stream = uniqueStream();
  const { calls, lost, consumer } = startSlow(stream);
  await publishAll(stage.producer, stream, [1]);
  await eventually(() => expect(calls).toHaveLength(1));
  const id = calls[0]?.batch[0]?.id ?? '';
  calls[0]?.resolve(new Map([[id, 'hold']]));
  await eventually(() => expect(consumer.held).toBe(1));
  await stage.redis.xclaim(stream, 'g', 'other', 0, id);
  await eventually(() => expect(lost).toEqual([id]));
  expect(consumer.held).toBe(0);
});

test('of a batch of which a part is lost, the rest is tried again', async () => {
  const stream = uniqueStream();
  await stage.redis.xgroup('CREATE', stream, 'g', '0', 'MKSTREAM');
  await publishAll(stage.producer, stream, [1, 2]);
  const { calls } = startSlow(stream);
  await eventually(() => expect(calls.map(({ batch }) => batch.length)).toEqual([2]));
  await stage.redis.xclaim(stream, 'g', 'other', 0, calls[0]?.batch[0]?.id ?? '');
  await eventually(() => expect(calls[0]?.context.ownership.aborted).toBe(true));
  calls[0]?.reject(calls[0].context.ownership.reason);
  await eventually(() => expect(calls).toHaveLength(2));
  expect(calls[1]?.batch.map(({ body }) => body.id)).toEqual(['2']);
  calls[1]?.resolve();
  await eventually(async () => expect(await pendingCount(stage.redis, stream)).toBe(1));
});

import { streamContracts, streamGroups, streams } from '@viw/contracts';
import { createLogger, createMetrics } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { RedisLease, StreamJanitor, compareEntryIds } from '../src/index';
import { uniqueStream } from './setup';
import { streamStage } from './stream-stage';

const stage = streamStage();

interface Surroundings {
  readonly lines: Record<string, unknown>[];
  readonly metrics: Metrics;
  readonly leaseKey: string;
}

const surroundings = (leaseKey = uniqueStream()): Surroundings => ({
  lines: [],
  metrics: createMetrics('test'),
  leaseKey,
});

function startJanitor(
  around: Surroundings,
  stream: string,
  {
    groups = ['a', 'b'],
    keepMs = 0,
    everyMs = 50,
  }: { groups?: string[]; keepMs?: number; everyMs?: number } = {},
): StreamJanitor {
  const destination = { write: (line: string) => void around.lines.push(JSON.parse(line) as never) };
  const janitor = stage.cleanup.add(
    new StreamJanitor(
      { targets: [{ stream, groups }], keepMs, everyMs, leaseKey: around.leaseKey },
      {
        redis: stage.redis,
        logger: createLogger({ service: 'test' }, { destination }),
        metrics: around.metrics,
      },
    ),
  );
  janitor.start();
  return janitor;
}

/** As many entries as fill ten nodes of the stream: trimming removes whole nodes only. */
async function fill(stream: string, count = 1_000): Promise<string[]> {
  const pipeline = stage.redis.pipeline();
  for (let n = 0; n < count; n++) pipeline.xadd(stream, '*', 'n', n);
  return ((await pipeline.exec()) ?? []).map(([, id]) => String(id));
}

const read = async (stream: string, group: string, count: number): Promise<void> =>
  void (await stage.redis.xreadgroup('GROUP', group, 'one', 'COUNT', count, 'STREAMS', stream, '>'));

const firstOf = async (stream: string): Promise<string> =>
  (await stage.redis.xrange(stream, '-', '+', 'COUNT', 1))[0]?.[0] ?? 'none';

const sample = async (metrics: Metrics, name: string): Promise<number> => {
  const text = await metrics.getSingleMetricAsString(name);
  return Number(/} (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
};

/** Two turns later: what a turn would have done has been done. */
async function turnsPass(around: Surroundings): Promise<void> {
  const [key, shortenedMs] = [around.leaseKey, 3 * 50 - 10];
  for (let turn = 0; turn < 2; turn++) {
    await stage.redis.pexpire(key, shortenedMs);
    await eventually(async () => expect(await stage.redis.pttl(key)).toBeGreaterThan(shortenedMs + 1), {
      everyMs: 5,
    });
  }
}

test('what every group has acknowledged goes; from the oldest pending entry on everything stays', async () => {
  const stream = uniqueStream();
  const ids = await fill(stream);
  for (const group of ['a', 'b']) {
    await stage.redis.xgroup('CREATE', stream, group, '0');
    await read(stream, group, 1_000);
  }
  await stage.redis.xack(stream, 'a', ...ids);
  const pending = ids[450] ?? '';
  await stage.redis.xack(stream, 'b', ...ids.filter((id) => id !== pending));
  const around = surroundings();
  startJanitor(around, stream);
  await eventually(async () => expect(await stage.redis.xlen(stream)).toBe(600));
  expect(compareEntryIds(await firstOf(stream), pending)).toBeLessThan(0);
  await turnsPass(around);
  expect(await stage.redis.xrange(stream, pending, pending)).toHaveLength(1);
  expect(await sample(around.metrics, 'viw_stream_length')).toBe(600);
  expect(await sample(around.metrics, 'viw_stream_trimmed_total')).toBe(400);

  await stage.redis.xack(stream, 'b', pending);
  await eventually(async () => expect(await stage.redis.xlen(stream)).toBeLessThanOrEqual(100));
});

test('what one group has not been handed yet stays, however far the other is', async () => {
  const stream = uniqueStream();
  const ids = await fill(stream);
  await stage.redis.xgroup('CREATE', stream, 'a', '0');
  await read(stream, 'a', 1_000);
  await stage.redis.xack(stream, 'a', ...ids);
  await stage.redis.xgroup('CREATE', stream, 'b', '0');
  const around = surroundings();
  startJanitor(around, stream);
  await turnsPass(around);
  expect(await stage.redis.xlen(stream)).toBe(1_000);

  await read(stream, 'b', 250);
  await stage.redis.xack(stream, 'b', ...ids.slice(0, 250));
  await eventually(async () => expect(await stage.redis.xlen(stream)).toBe(800));
  await turnsPass(around);
  expect(await stage.redis.xrange(stream, ids[250] ?? '', '+')).toHaveLength(750);
});

test('without one of the expected groups nothing goes, and this is told once', async () => {
  const stream = uniqueStream();
  const ids = await fill(stream);
  await stage.redis.xgroup('CREATE', stream, 'a', '0');
  await read(stream, 'a', 1_000);
  await stage.redis.xack(stream, 'a', ...ids);
  const around = surroundings();
  startJanitor(around, stream);
  await turnsPass(around);
  expect(await stage.redis.xlen(stream)).toBe(1_000);
  expect(await around.metrics.getSingleMetricAsString('viw_stream_trim_refused')).toMatch(
    /group="b"[^}]*} 1/,
  );
  const told = around.lines.filter(({ event }) => event === 'stream_trim_refused');
  expect(told).toEqual([expect.objectContaining({ stream, missing: ['b'] })]);

  await stage.redis.xgroup('CREATE', stream, 'b', '$');
  await eventually(async () => expect(await stage.redis.xlen(stream)).toBeLessThanOrEqual(100));
  await eventually(() =>
    expect(around.lines.filter(({ event }) => event === 'stream_trim_resumed')).toHaveLength(1),
  );
});

test('young entries stay for inspection; no expected group at all means no trimming at all', async () => {
  const [young, unread] = [uniqueStream(), uniqueStream()];
  await fill(young);
  await fill(unread);
  for (const group of ['a', 'b']) await stage.redis.xgroup('CREATE', young, group, '$');
  const around = surroundings();
  startJanitor(around, young, { keepMs: 3_600_000 });
  const other = surroundings();
  startJanitor(other, unread, { groups: [] });
  await turnsPass(around);
  await turnsPass(other);
  expect(await stage.redis.xlen(young)).toBe(1_000);
  expect(await stage.redis.xlen(unread)).toBe(1_000);
});

test('of two janitors one works; when it stops the other takes over', async () => {
  const stream = uniqueStream();
  await fill(stream, 1);
  for (const group of ['a', 'b']) await stage.redis.xgroup('CREATE', stream, group, '$');
  const one = surroundings();
  const two = surroundings(one.leaseKey);
  // A lease of three turns: the first does not lose it, however long the machine stands still.
  const first = startJanitor(one, stream, { everyMs: 60_000 });
  const leading = async (): Promise<number[]> =>
    Promise.all([one, two].map(({ metrics }) => sample(metrics, 'viw_stream_janitor_leading')));
  await eventually(async () => expect(await sample(one.metrics, 'viw_stream_janitor_leading')).toBe(1));
  // The first asks for its lease once a minute.
  const asked = async (): Promise<number> =>
    Number(/cmdstat_eval:calls=(\d+)/.exec(await stage.redis.info('commandstats'))?.[1] ?? 0);
  const before = await asked();
  startJanitor(two, stream);
  await eventually(async () => expect(await asked()).toBeGreaterThan(before + 8));
  expect(await leading()).toEqual([1, 0]);
  await first.stop();
  await eventually(async () => expect(await leading()).toEqual([0, 1]));
});

test('a janitor that died is replaced when its lease has run out, and not before', async () => {
  const stream = uniqueStream();
  const ids = await fill(stream);
  for (const group of ['a', 'b']) await stage.redis.xgroup('CREATE', stream, group, ids.at(-1) ?? '');
  const around = surroundings();
  const dead = new RedisLease({ key: around.leaseKey, ttlMs: 60_000 }, { redis: stage.redis });
  expect(await dead.hold()).toBe(true);
  startJanitor(around, stream);
  await eventually(async () => expect(await sample(around.metrics, 'viw_stream_janitor_leading')).toBe(0));
  expect(await stage.redis.xlen(stream)).toBe(1_000);
  await stage.redis.pexpire(around.leaseKey, 1);
  await eventually(async () => expect(await stage.redis.xlen(stream)).toBeLessThanOrEqual(100));
  // Asked in one breath: the other's lease lasts 150 ms, and may have run out before.
  await eventually(async () => {
    const [isHeld, taken] = await Promise.all([stage.redis.exists(around.leaseKey), dead.hold()]);
    await dead.release();
    expect([isHeld, taken]).toEqual([1, false]);
  });
  await eventually(async () => expect(await stage.redis.exists(around.leaseKey)).toBe(1));
});

test('what people and followers read is not the janitor’s', () => {
  const trimmed = streamContracts.filter(({ groups }) => groups.length > 0).map(({ stream }) => stream);
  expect(trimmed).not.toContain(streams.changes);
  expect(trimmed).not.toContain(streams.gatewayRegistry);
  expect(streamGroups[streams.commands]).toEqual(['agent-bridge']);
  expect(trimmed.filter((stream) => stream.endsWith('.dead'))).toEqual([]);
});

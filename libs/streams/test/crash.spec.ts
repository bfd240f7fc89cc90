import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consumerAliveKey } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { eventually, startProgram, startRedis } from '@viw/testing';
import type { Program, Redis as RedisServer } from '@viw/testing';
import { build } from 'esbuild';
import type { Redis } from 'ioredis';
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
let folder: string;
let redis: Redis;
const cleanup = new Cleanup();

beforeAll(async () => {
  server = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'viw-crash-'));
  await build({
    entryPoints: [join(__dirname, 'crashing-consumer.ts')],
    outfile: join(folder, 'crashing.js'),
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  redis = await connect(server.url, cleanup);
});
afterEach(() => cleanup.run());

/** Of the liveness key: longer than a busy machine keeps a living consumer from renewing it. */
const VICTIM_TTL_MS = 60_000;

/** Starts a consumer process that has taken 10 entries of 15. */
async function victim(stream: string): Promise<Program> {
  await publishAll(startProducer(redis, cleanup), stream, range(15));
  const consumer = ['victim', String(VICTIM_TTL_MS)];
  const argv = [process.execPath, join(folder, 'crashing.js'), server.url, stream, ...consumer] as const;
  const program = cleanup.add(await startProgram({ name: 'crashing-consumer', argv }));
  await eventually(() => expect(program.output()).toContain('took 10'));
  return program;
}

const all = range(15).map(String);

test('after SIGKILL the same consumer, started again, handles its own pending entries first', async () => {
  const stream = uniqueStream();
  await (await victim(stream)).kill();
  expect(await pendingCount(redis, stream)).toBe(10);
  const record = recorder();
  startConsumer(server.url, stream, record.handler, cleanup, { consumer: 'victim' });
  await eventually(() => expect(record.seen).toEqual(all));
  await eventually(async () => expect(await pendingCount(redis, stream)).toBe(0));
  expect(record.deliveries.get('0')).toBe(2);
  expect(record.deliveries.get('14')).toBe(1);
});

test('another consumer takes over only when the liveness key is gone, then removes the dead consumer', async () => {
  const stream = uniqueStream();
  const dead = await victim(stream);
  const record = recorder();
  const options = { consumer: 'other', minIdleMs: 1, claimEveryMs: 50, livenessTtlMs: 600 };
  startConsumer(server.url, stream, record.handler, cleanup, options);
  await eventually(() => expect(record.seen).toEqual(all.slice(10)));
  await dead.kill();
  const aliveKey = consumerAliveKey(stream, 'g', 'victim');
  let takenWhileAlive = 0;
  record.before = async () => {
    takenWhileAlive += await redis.exists(aliveKey);
  };
  expect(await redis.pttl(aliveKey)).toBeGreaterThan(0);
  // Its time passes sooner than by itself.
  await redis.pexpire(aliveKey, 500);
  await eventually(() => expect(record.seen).toHaveLength(15));
  expect(takenWhileAlive).toBe(0);
  expect(record.seen).toEqual([...all.slice(10), ...all.slice(0, 10)]);
  expect(record.deliveries.get('0')).toBe(2);
  await eventually(async () => {
    expect(await pendingCount(redis, stream)).toBe(0);
    const consumers = (await redis.xinfo('CONSUMERS', stream, 'g')) as unknown[][];
    expect(consumers.map((row) => row[1])).toEqual(['other']);
  });
});

test('what a live consumer holds is never taken, however idle', async () => {
  const stream = uniqueStream();
  const producer = startProducer(redis, cleanup);
  const [first, second] = [recorder(), recorder()];
  first.before = (_, entryIds) => new Map(entryIds.map((id) => [id, 'hold'] as const));
  await publishAll(producer, stream, [1, 2]);
  const holder = startConsumer(server.url, stream, first.handler, cleanup, {
    consumer: 'holder',
    livenessTtlMs: 30_000,
  });
  await eventually(() => expect(holder.held).toBe(2));
  const eager = { consumer: 'eager', minIdleMs: 1, claimEveryMs: 20, livenessTtlMs: 90 };
  startConsumer(server.url, stream, second.handler, cleanup, eager);
  // Each look for the dead asks for the liveness key: wait until the eager one has looked often.
  const looks = async (): Promise<number> =>
    Number(/cmdstat_exists:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  const before = await looks();
  await eventually(async () => expect(await looks()).toBeGreaterThan(before + 5));
  expect(second.seen).not.toContain('1');
  expect(second.seen).not.toContain('2');
});

test('entries of a dead consumer that were deleted meanwhile count as lost', async () => {
  const stream = uniqueStream();
  const producer = startProducer(redis, cleanup);
  const ids = await publishAll(producer, stream, [1, 2, 3]);
  await redis.xgroup('CREATE', stream, 'g', '0');
  await redis.xreadgroup('GROUP', 'g', 'gone', 'COUNT', 10, 'STREAMS', stream, '>');
  await redis.xdel(stream, ids[1] ?? '');
  const record = recorder();
  const metrics = createMetrics('test');
  const eager = { minIdleMs: 1, claimEveryMs: 20, livenessTtlMs: 90 };
  startConsumer(server.url, stream, record.handler, cleanup, eager, metrics);
  await eventually(() => expect(record.seen).toEqual(['1', '3']));
  expect(await metrics.metrics()).toMatch(/viw_stream_lost_entries_total\{[^}]*\} 1/);
  await eventually(async () => {
    expect(await pendingCount(redis, stream)).toBe(0);
    expect((await redis.xinfo('CONSUMERS', stream, 'g')) as unknown[]).toHaveLength(1);
  });
});

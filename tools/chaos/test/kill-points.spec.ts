import { randomUUID } from 'node:crypto';
import { commandResultsStream, commandsStream, groups, streams } from '@viw/contracts';
import { type Db, OutboxRepository, createDatabase, migrate } from '@viw/database';
import { createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { startProgram, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { killPoints } from '../src/faults/kill-points';
import { strike } from '../src/faults/strike';
import { poisonEntries } from '../src/streams/load/poison-entries';
import { insertQueuedCommands, readStoredResults } from '../src/streams/load/results-evidence';
import { isInStream } from '../src/world/stream-state';
import { type TappedWires, tappedWires } from '../src/world/tapped-wires';
import { type Workshop, openWorkshop } from './mutant-stage';

/** A process that dies at a point has done the step before it and not the one after. */
let workshop: Workshop;
let redis: RedisClient;
let databaseUrl: string;
let db: Db;
let wires: TappedWires;
const logger = createLogger({ service: 'kill-points-test', level: 'silent' });

beforeAll(async () => {
  workshop = await openWorkshop();
  redis = createRedis(workshop.server.url, { role: 'command', name: 'kill-points-test' });
  await waitUntilReady(redis);
}, 60_000);
afterAll(async () => {
  redis?.disconnect();
  await workshop?.stop();
});
beforeEach(async () => {
  await redis.flushall();
  ({ url: databaseUrl } = await uniqueDatabase());
  db = createDatabase({ url: databaseUrl, applicationName: 'kill-points-test', max: 2 });
  await migrate(db);
  const postgres = Number(new URL(databaseUrl).port);
  wires = await tappedWires({ redis: workshop.server.port, postgres });
});
afterEach(async () => {
  await wires.stop();
  await db.destroy();
});

/** Resolves when the victim has been killed at the point. */
async function dies(point: string, service: string, kill: () => Promise<void>): Promise<boolean> {
  const found = killPoints.find(({ name }) => name === point);
  if (!found) throw new Error(`no such point: ${point}`);
  const victim = { service, taps: wires.taps, kill: () => kill().then(() => true) };
  const hasArrived = async (xadd: { words: readonly string[] }): Promise<boolean> => {
    for (let looks = 0; looks < 1_000; looks++) if (await isInStream(redis, xadd.words)) return true;
    return false;
  };
  return strike(found, [victim], { hasArrived, say: () => undefined, signal: AbortSignal.timeout(60_000) });
}

/** An honest results-writer through the tapped wires, killed at the point. */
async function writerDies(point: string): Promise<void> {
  const urls = [wires.redisUrl(workshop.server.url), wires.databaseUrl(databaseUrl)];
  const starting = startProgram({
    name: 'results-writer',
    argv: [process.execPath, workshop.bundle, 'results-writer', 'honest', ...urls],
  });
  const kill = async (): Promise<void> => void (await (await starting).kill());
  expect(await dies(point, 'results-writer', kill)).toBe(true);
  expect((await (await starting).exited).signal).toBe('SIGKILL');
}

function exampleOf<T>({ examples: [first] }: { readonly examples: readonly T[] }): T {
  if (first === undefined) throw new Error('a contract has an example');
  return first;
}

const pending = async (): Promise<number> =>
  Number(((await redis.xpending(streams.commandResults, groups.resultsWriter)) as [number])[0]);

/** A producer as the named service has it, through the tapped wires. */
async function tappedProducer(): Promise<{ producer: StreamProducer; kill: () => Promise<void> }> {
  const url = wires.redisUrl(workshop.server.url);
  const client = createRedis(url, { role: 'command', name: 'kill-points-victim' });
  const producer = new StreamProducer({ stopTimeoutMs: 1 }, { redis: client, logger });
  producer.start();
  return {
    producer,
    kill: async () => {
      client.disconnect();
      await producer.stop();
    },
  };
}

test('between COMMIT and XACK: stored, and still pending', async () => {
  const example = exampleOf(commandResultsStream);
  const correlation_id = randomUUID();
  await insertQueuedCommands(db, new Map([[correlation_id, 'gw-1']]));
  const producer = new StreamProducer({}, { redis, logger });
  producer.start();
  const result = { ...example.result, correlation_id, agent_id: 'gw-1', result_id: randomUUID() };
  await producer.publish(commandResultsStream, { ...example, result });
  await producer.stop();
  await writerDies('between COMMIT and XACK');
  expect((await readStoredResults(db)).results).toHaveLength(1);
  expect(await pending()).toBe(1);
});

test('between dead letter and XACK: set aside, and still pending', async () => {
  const [poison] = poisonEntries(streams.commandResults);
  await redis.xadd(streams.commandResults, '*', ...(poison?.fields ?? []));
  await writerDies('between dead letter and XACK');
  expect(await redis.xlen(`${streams.commandResults}.dead`)).toBe(1);
  expect(await pending()).toBe(1);
});

test('between XADD and RESULT_ACK: in the stream, and not confirmed', async () => {
  const { producer, kill } = await tappedProducer();
  const dying = dies('between XADD and RESULT_ACK', 'agent-bridge', kill);
  await expect(producer.publish(commandResultsStream, exampleOf(commandResultsStream))).rejects.toMatchObject(
    {
      code: 'UNAVAILABLE',
    },
  );
  expect(await dying).toBe(true);
  expect(await redis.xlen(streams.commandResults)).toBe(1);
});

test('between outbox XADD and mark: in the stream, and not marked', async () => {
  const { producer, kill } = await tappedProducer();
  const victim = createDatabase({
    url: wires.databaseUrl(databaseUrl),
    applicationName: 'kill-points-victim',
    max: 1,
  });
  try {
    const dying = dies('between outbox XADD and mark', 'backend', async () => {
      await kill();
      await wires.stop();
    });
    const outbox = new OutboxRepository({ db: victim });
    const body = exampleOf(commandsStream);
    await outbox.enqueue(commandsStream, body);
    const [row] = await outbox.claimBatch(1);
    await producer.publish(commandsStream, body, { eventId: row?.event_id ?? '' });
    await expect(outbox.markPublished(row ? [row] : [])).rejects.toThrow();
    expect(await dying).toBe(true);
    const { rows } = await sql`SELECT 1 FROM viw.outbox WHERE published_at IS NULL`.execute(db);
    expect(rows).toHaveLength(1);
    expect(await redis.xlen(streams.commands)).toBe(1);
  } finally {
    await victim.destroy();
  }
});

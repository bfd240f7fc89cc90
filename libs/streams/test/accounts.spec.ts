import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consumerAliveKey,
  hubStream,
  janitorLeaseKey,
  redisAccounts,
  redisAclLine,
  registrySnapshotKey,
  streamContracts,
  streams,
} from '@viw/contracts';
import type { RedisAccount, StreamContract, StreamName } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import type { Redis } from 'ioredis';
import {
  Presence,
  StreamConsumer,
  StreamFollower,
  StreamJanitor,
  StreamProducer,
  processesSeen,
} from '../src/index';
import { Cleanup, connect, logger } from './setup';

const accounts = Object.keys(redisAccounts) as RedisAccount[];
const contractOf = (name: StreamName): StreamContract =>
  streamContracts.find(({ stream }) => stream === name) as StreamContract;

let server: RedisServer;
let admin: Redis;
const afterAllTests = new Cleanup();
const cleanup = new Cleanup();

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-accounts-'));
  afterAllTests.add({ stop: () => rm(dir, { recursive: true }) });
  const aclFile = join(dir, 'users.acl');
  const lines = [
    'user default on nopass ~* &* +@all',
    ...accounts.map((each) => redisAclLine(each, '>secret')),
  ];
  await writeFile(aclFile, `${lines.join('\n')}\n`);
  server = afterAllTests.add(await startRedis({ aclFile }));
  admin = await connect(server.url, afterAllTests);
});
afterAll(() => afterAllTests.run());
beforeEach(() => admin.flushall());
afterEach(() => cleanup.run());

const urlOf = (account: RedisAccount): string => server.url.replace('redis://', `redis://${account}:secret@`);
const as = (account: RedisAccount): Promise<Redis> => connect(urlOf(account), cleanup);

test('every account says that it is there, and takes itself out; the backend sees all of them', async () => {
  const present = await Promise.all(
    accounts.map(async (service) => {
      const presence = new Presence(
        { service, version: '1.2.3', everyMs: 20 },
        { redis: await as(service), logger },
      );
      presence.start();
      cleanup.add(presence);
      return presence;
    }),
  );
  const backend = await as('backend');
  const seen = async () => (await processesSeen(backend)).map(({ service, alive }) => [service, alive]);
  const all = accounts.map((service) => [service, true]);
  await eventually(async () => expect((await seen()).sort()).toEqual(all.sort()));
  await Promise.all(present.map((each) => each.stop()));
  expect(await seen()).toEqual([]);
});

const consumed: readonly [RedisAccount, StreamName, string][] = [
  ['telemetry-writer', streams.agentHello, streams.agentHello],
  ['telemetry-writer', streams.agentSessions, streams.agentSessions],
  ['telemetry-writer', streams.agentEvents, streams.agentEvents],
  ['telemetry-writer', streams.telemetry, streams.telemetry],
  ['results-writer', streams.commandEvents, streams.commandEvents],
  ['results-writer', streams.commandResults, streams.commandResults],
  ['cert-worker', streams.certRequests, streams.certRequests],
  ['notifier', streams.alerts, streams.alerts],
  ['notifier', streams.bridgeAlerts, streams.bridgeAlerts],
  ['notifier', streams.resultsAlerts, streams.resultsAlerts],
  ['notifier', streams.certAlerts, streams.certAlerts],
  ['notifier', streams.certEvents, streams.certEvents],
  ['agent-bridge', streams.commands, streams.commands],
  ['agent-bridge', streams.commands, hubStream('hub-1')],
];

test.each(consumed)(
  '%s reads entries of %s in %s: new ones, a dead member’s, poison; and leaves',
  async (account, name, stream) => {
    const contract = contractOf(name);
    const producer = new StreamProducer({}, { redis: admin, logger });
    producer.start();
    cleanup.add(producer);
    await producer.publish(contract, contract.examples[0], { stream });
    await admin.xgroup('CREATE', stream, account, '0');
    await admin.xreadgroup('GROUP', account, 'dead', 'STREAMS', stream, '>');
    await admin.xadd(stream, '*', 'body', 'poison');
    const fresh = await producer.publish(contract, contract.examples[0], { stream });
    const seen: string[] = [];
    const consumer = new StreamConsumer(
      {
        ...{ contract, stream, group: account, consumer: 'one', blockMs: 200 },
        ...{ minIdleMs: 60, livenessTtlMs: 150, claimEveryMs: 50 },
      },
      {
        redisUrl: urlOf(account),
        logger,
        metrics: createMetrics('test'),
        handler: async (batch) => {
          seen.push(...batch.map(({ id }) => id));
          return new Map(batch.map(({ id }) => [id, 'hold']));
        },
      },
    );
    cleanup.add(consumer);
    consumer.start();
    await eventually(async () => {
      expect(seen).toHaveLength(2);
      expect(await admin.xlen(`${stream}.dead`)).toBe(1);
    });
    expect(seen).toContain(fresh);
    await eventually(async () =>
      expect(await admin.exists(consumerAliveKey(stream, account, 'one'))).toBe(1),
    );
    await consumer.acknowledge(seen);
    await consumer.stop();
    expect(await admin.xinfo('CONSUMERS', stream, account)).toEqual([]);
  },
);

const produced: readonly [RedisAccount, readonly StreamName[]][] = [
  [
    'backend',
    [streams.commands, streams.certRequests, streams.gatewayRegistry, streams.changes, streams.alerts],
  ],
  [
    'agent-bridge',
    [
      ...[streams.agentHello, streams.agentSessions, streams.agentEvents, streams.telemetry],
      ...[streams.commandEvents, streams.commandResults, streams.bridgeAlerts],
    ],
  ],
  ['telemetry-writer', [streams.changes]],
  ['results-writer', [streams.changes, streams.resultsAlerts]],
  ['cert-worker', [streams.certEvents, streams.changes, streams.certAlerts]],
  ['notifier', [streams.changes]],
];

test.each(produced)('%s adds to its streams, and to no other of the contracts', async (account, names) => {
  const redis = await as(account);
  const producer = new StreamProducer({}, { redis, logger });
  producer.start();
  cleanup.add(producer);
  for (const name of names)
    await producer.publish(contractOf(name), contractOf(name).examples[0], { maxlen: 100 });
  if (account === 'backend') return;
  const consumes = consumed.filter(([who]) => who === account).map(([, name]) => name);
  const others = Object.values(streams).filter((name) => !names.includes(name));
  for (const name of others) await expect(redis.xadd(name, '*', 'a', 'b')).rejects.toThrow('NOPERM');
  // Reading is for members of the group only, so nobody reads what it writes.
  for (const name of Object.values(streams).filter((each) => !consumes.includes(each)))
    await expect(redis.xreadgroup('GROUP', account, 'x', 'STREAMS', name, '>')).rejects.toThrow('NOPERM');
});

test('the backend trims, follows changes and looks at backlogs', async () => {
  const redis = await as('backend');
  for (let n = 0; n < 300; n++) await admin.xadd(streams.commands, '*', 'n', n);
  await admin.xgroup('CREATE', streams.commands, 'agent-bridge', '$');
  const janitor = new StreamJanitor(
    { keepMs: 0, everyMs: 50 },
    { redis, logger, metrics: createMetrics('test') },
  );
  cleanup.add(janitor);
  janitor.start();
  const contract = contractOf(streams.changes);
  let followed = 0;
  const follower = new StreamFollower(
    { contract, from: '0-0', name: 'backend', blockMs: 200 },
    { redisUrl: urlOf('backend'), logger, handler: (entries) => void (followed += entries.length) },
  );
  cleanup.add(follower);
  follower.start();
  const producer = new StreamProducer({}, { redis, logger });
  producer.start();
  cleanup.add(producer);
  await producer.publish(contract, contract.examples[0]);
  await eventually(async () => {
    expect(followed).toBe(1);
    expect(await admin.xlen(streams.commands)).toBeLessThanOrEqual(100);
  });
  expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always']);
});

test('a hub follows the registry of gateways, which only the backend can change', async () => {
  const [backend, hub] = [await as('backend'), await as('agent-bridge')];
  const replace = "return redis.call('HSET', KEYS[1], 'version', '1', 'body', '{}')";
  await backend.eval(replace, 1, registrySnapshotKey);
  expect(await hub.hget(registrySnapshotKey, 'version')).toBe('1');
  expect(await backend.hget(registrySnapshotKey, 'version')).toBe('1');
  await expect(hub.hset(registrySnapshotKey, 'version', '2')).rejects.toThrow('NOPERM');
  await expect(hub.eval(replace, 1, registrySnapshotKey)).rejects.toThrow(/NOPERM|ACL|can't access/);
  await expect(hub.xadd(streams.gatewayRegistry, '*', 'a', 'b')).rejects.toThrow('NOPERM');
  const contract = contractOf(streams.gatewayRegistry);
  let followed = 0;
  const follower = new StreamFollower(
    { contract, from: '0-0', name: 'hub', blockMs: 200 },
    { redisUrl: urlOf('agent-bridge'), logger, handler: (entries) => void (followed += entries.length) },
  );
  cleanup.add(follower);
  follower.start();
  const producer = new StreamProducer({}, { redis: backend, logger });
  producer.start();
  cleanup.add(producer);
  await producer.publish(contract, contract.examples[0]);
  await eventually(() => expect(followed).toBe(1));
});

test.each(accounts)('%s can neither end Redis, nor see or change everything in it', async (account) => {
  const redis = await as(account);
  const forbidden: string[][] = [
    ...[['FLUSHALL'], ['SHUTDOWN'], ['KEYS', '*'], ['SCAN', '0'], ['MONITOR']],
    ...[
      ['ACL', 'LIST'],
      ['CONFIG', 'SET', 'appendonly', 'no'],
      ['CLIENT', 'KILL', 'ID', '1'],
    ],
    ...[
      ['DEL', streams.telemetry],
      ['GET', 'viw:other'],
      ['XGROUP', 'DESTROY', streams.telemetry, account],
    ],
    ...[['EVAL', "return redis.call('FLUSHALL')", '0']],
    ...(account === 'backend'
      ? []
      : [
          ['CONFIG', 'GET', 'requirepass'],
          ['SET', janitorLeaseKey, 'x'],
        ]),
    ...(account === 'backend' ? [] : [['XTRIM', streams.telemetry, 'MAXLEN', '0']]),
  ];
  for (const [command = '', ...args] of forbidden)
    await expect(redis.call(command, ...args)).rejects.toThrow(/NOPERM|can't run this command|ACL/);
});

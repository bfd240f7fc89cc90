import { registrySnapshotKey } from '@viw/contracts';
import { createLogger, createMetrics } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { GatewayRegistry } from '../src/registry/gateway-registry';
import { RegistrySync } from '../src/registry/registry-sync';
import { SnapshotReader } from '../src/registry/snapshot-reader';
import { TestRegistry, active, putSnapshot, unknownAgent } from './test-registry';
import { connect } from './test-streams';

const CURRENT_FOR_MS = 10_000;

let server: RedisServer;
let redis: Redis;
let backend: TestRegistry;
let registry: GatewayRegistry;
let sync: RegistrySync;
let now: number;

beforeEach(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  backend = new TestRegistry(redis);
  await backend.gateway(active(unknownAgent()));
  now = 1_000_000;
  registry = new GatewayRegistry({ onChange: () => undefined });
  sync = new RegistrySync(
    { hub: 'hub-a', redisUrl: server.url, currentForMs: CURRENT_FOR_MS },
    {
      registry,
      snapshots: new SnapshotReader({ redis }),
      now: () => now,
      logger: createLogger({ service: 'agent-bridge', level: 'silent' }),
      metrics: createMetrics('agent-bridge'),
    },
  );
  await sync.start();
  // It follows the stream from some moment on: then a delta arrives by itself.
  const marker = unknownAgent();
  await eventually(async () => {
    await backend.gateway(active(marker));
    expect(registry.entry(marker)).toBeDefined();
  });
  await eventually(() => expect(registry.version).toBe(backend.version));
});

afterEach(async () => {
  await sync.stop();
  redis.disconnect();
  await server.stop();
});

/** Whether what is heard by a check at this moment still counts when that was too long ago for anything before. */
async function currentByCheckAlone(): Promise<boolean> {
  now += CURRENT_FOR_MS;
  expect(sync.isCurrent).toBe(false);
  await sync.check();
  return sync.isCurrent;
}

it('what is known is current while Redis holds the same version, and after each delta', async () => {
  expect(sync.isCurrent).toBe(true);
  expect(await currentByCheckAlone()).toBe(true);
  now += CURRENT_FOR_MS;
  expect(sync.isCurrent).toBe(false);
  await backend.gateway(active(unknownAgent()));
  await eventually(() => expect(sync.isCurrent).toBe(true));
});

it.each([
  ['none', () => redis.del(registrySnapshotKey)],
  ['an older one', () => putSnapshot(redis, { version: 0 })],
  ['no version', () => redis.hset(registrySnapshotKey, 'version', 'NaN')],
  ['a version that its body does not have', () => redis.hset(registrySnapshotKey, 'version', '777')],
] as const)('a Redis that holds %s tells nothing about revocations', async (_, spoil) => {
  await spoil();
  expect(await currentByCheckAlone()).toBe(false);
  await expect(sync.ready()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await backend.putSnapshot();
  expect(await currentByCheckAlone()).toBe(true);
  expect(await sync.ready()).toContain(`version ${backend.version},`);
});

it('a change that was read and is not in force: nothing is current until the snapshot has it', async () => {
  const [first, revoked] = [unknownAgent(), unknownAgent()];
  backend.silently(active(first));
  await backend.delta({
    kind: 'gateway',
    version: backend.version + 1,
    entry: { agent_id: revoked, state: 'revoked' },
  });
  await eventually(() => expect(registry.isBehind).toBe(true));
  expect(await currentByCheckAlone()).toBe(false);
  await expect(sync.ready()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  backend.silently({ agent_id: revoked, state: 'revoked' });
  await backend.putSnapshot();
  await eventually(() => expect(registry.isBehind).toBe(false));
  expect(await currentByCheckAlone()).toBe(true);
  expect(registry.entry(revoked)?.state).toBe('revoked');
});

it('deltas that are known already do not tell that the registry is the newest', async () => {
  await redis.del(registrySnapshotKey);
  now += CURRENT_FOR_MS;
  const delta = (version: number, id: string) =>
    backend.delta({ kind: 'gateway', version, entry: active(id) });
  await delta(backend.version, unknownAgent());
  const marker = unknownAgent();
  // A gap, by which the one before it can be seen to have been taken.
  await delta(backend.version + 2, marker);
  await eventually(() => expect(registry.isBehind).toBe(true));
  expect(sync.isCurrent).toBe(false);
  await backend.gateway(active(unknownAgent()));
  await backend.gateway(active(marker));
  await eventually(() => expect(sync.isCurrent).toBe(true));
});

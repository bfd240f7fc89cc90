import { contestsKey, epochKey, rivalClaimKey } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import { TestRegistry, active, unknownAgent } from './test-registry';

const stage = hubStage();

const days = (n: number): number => n * 24 * 3_600_000;

it('an epoch is forgotten some days after the last connection, and kept as long as there is one', async () => {
  const hub = await stage.startHub();
  const id = unknownAgent();
  const agent = await dial(hub.url, id);
  const ttl = (): Promise<number> => stage.redis.pttl(epochKey(id));
  expect(await ttl()).toBeGreaterThan(days(1));
  expect(await ttl()).toBeLessThanOrEqual(days(30));
  // Renewed together with the lease; one of an earlier release without a TTL gets one as well.
  await stage.redis.pexpire(epochKey(id), 60_000);
  await eventually(async () => expect(await ttl()).toBeGreaterThan(days(1)));
  await stage.redis.persist(epochKey(id));
  await eventually(async () => expect(await ttl()).toBeGreaterThan(days(1)));
  await agent.close();
  await hub.stop();
});

it('made-up ids begin no contest and raise no alert: the newest claim wins', async () => {
  const hub = await stage.startHub();
  const id = unknownAgent();
  let last = await join(hub.url, id, {}, { from: '127.0.0.1' });
  for (const from of ['127.0.0.2', '127.0.0.1', '127.0.0.2', '127.0.0.3']) {
    const next = await join(hub.url, id, {}, { from });
    expect(await last.closed).toBe(4409);
    last = next;
  }
  expect(await stage.redis.zscore(contestsKey, id)).toBeNull();
  expect(await stage.redis.exists(rivalClaimKey(id))).toBe(0);
  await last.close();
  await hub.stop();
});

it('ids that nobody has registered get a quarter of the room, until they are registered', async () => {
  const registry = new TestRegistry(stage.redis);
  const hub = await stage.startHub({ AGENT_BRIDGE_MAX_CONN: '8' });
  const ids = [unknownAgent(), unknownAgent()];
  const strangers = await Promise.all(ids.map((id) => dial(hub.url, id)));
  const refused = await upgrade(hub.port, signed(unknownAgent()));
  expect(refused).toMatchObject({ status: 503, body: { error: { code: 'BUSY' } } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  // One that is there may come back; registered ones have the rest.
  strangers.push(await dial(hub.url, ids[0] ?? ''));
  const gateways = await Promise.all(Array.from({ length: 5 }, () => dial(hub.url, uniqueAgent())));
  await registry.gateway(active(ids[1] ?? ''));
  const late = unknownAgent();
  strangers.push(await eventually(() => dial(hub.url, late)));
  expect((await upgrade(hub.port, signed(uniqueAgent()))).body.error?.code).toBe('BUSY');
  await Promise.all([...strangers, ...gateways].map((agent) => agent.close()));
  await hub.stop();
});

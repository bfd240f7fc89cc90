import { type GatewayPublicKeys } from '@viw/contracts';
import {
  GatewayCredentialRepository,
  GatewayRegistryRepository,
  GatewayRepository,
  inTransaction,
} from '../src/index';
import { sql } from 'kysely';
import { type Fixture, fixture, newAgent } from './fixture';

let f: Fixture;
let gateways: GatewayRepository;
let credentials: GatewayCredentialRepository;
let registry: GatewayRegistryRepository;
beforeAll(async () => {
  f = await fixture();
  const db = await f.as('viw_backend');
  gateways = new GatewayRepository({ db });
  credentials = new GatewayCredentialRepository({ db });
  registry = new GatewayRegistryRepository({ db });
});
afterAll(() => f.close());

const keys = (x: string): GatewayPublicKeys => ({ sealing: { kty: 'OKP', crv: 'X25519', x: x.repeat(43) } });

test('registered once, with its keys; decommissioned for good', async () => {
  const agent = newAgent();
  const created = await gateways.register({ agent_id: agent, site: 'berlin', public_keys: keys('a') });
  expect(created).toMatchObject({
    state: 'expected',
    has_sealing_key: true,
    first_seen_at: null,
    metrics: null,
  });
  await expect(gateways.register({ agent_id: agent })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await gateways.patch(agent, { public_keys: keys('a') });
  await gateways.patch(agent, { public_keys: keys('b'), display_name: null, site: undefined });
  expect(await credentials.sealingKey(agent)).toEqual(keys('b').sealing);
  expect((await credentials.list(agent)).map((row) => row.active)).toEqual([true, false]);
  expect(await gateways.get(agent)).toMatchObject({ site: 'berlin' });
  expect([await gateways.decommission(agent), await gateways.decommission(agent)]).toEqual([true, false]);
  expect(await credentials.sealingKey(agent)).toBeUndefined();
  await expect(gateways.register({ agent_id: agent })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(gateways.patch(agent, { site: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('of many who register the same one succeeds', async () => {
  const agent = newAgent();
  const answers = await Promise.allSettled(
    Array.from({ length: 4 }, () => gateways.register({ agent_id: agent, public_keys: keys('a') })),
  );
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
});

test('pages and filters', async () => {
  const agents = Array.from({ length: 5 }, newAgent).sort();
  for (const [i, agent_id] of agents.entries())
    await gateways.register({
      agent_id,
      site: 'list-site',
      display_name: `100%_${i}`,
      labels: i % 2 ? { tier: 'a=b', env: 'prod' } : {},
    });
  const first = await gateways.list({ site: 'list-site', limit: 3, total: true });
  const second = await gateways.list({ site: 'list-site', limit: 3, cursor: first.next_cursor ?? '' });
  expect([...first.items, ...second.items].map((item) => item.agent_id)).toEqual(agents);
  expect([first.total, second.total, second.next_cursor]).toEqual([5, undefined, null]);
  const found = async (filter: Parameters<typeof gateways.list>[0]) =>
    (await gateways.list(filter)).items.map((item) => item.agent_id);
  expect(await found({ label: 'tier=a=b' })).toEqual([agents[1], agents[3]]);
  expect(await found({ q: '100%_2' })).toEqual([agents[2]]);
  expect(await found({ q: '100x' })).toEqual([]);
  expect(await found({ site: 'list-site', status: 'connected' })).toEqual([]);
  await gateways.decommission(agents[0] ?? '');
  expect(await found({ site: 'list-site' })).toEqual(agents.slice(1));
  expect(await found({ site: 'list-site', status: 'decommissioned' })).toEqual([agents[0]]);
  await expect(gateways.list({ label: 'nonsense' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

describe('what hubs are told', () => {
  const agentKey = (x: string) => ({ kty: 'OKP', crv: 'Ed25519', x: x.repeat(43) }) as const;
  const entry = async (agent: string) => (await registry.gatewayDelta(agent))?.entry;

  test('own key and certificate; revoked with the last ones, by which it is recognised; back with a new one', async () => {
    const agent = newAgent();
    const certificate = `${agent.length.toString(16)}`.padEnd(64, 'c');
    await gateways.register({
      agent_id: agent,
      min_version: '1.2.0',
      public_keys: { agent: agentKey('a'), certificate_sha256: certificate },
    });
    const own = { signing_key: agentKey('a'), certificate_sha256: certificate };
    expect(await entry(agent)).toEqual({ agent_id: agent, state: 'active', min_version: '1.2.0', ...own });
    expect(await gateways.get(agent)).toMatchObject({ has_agent_key: true, has_client_certificate: true });
    expect([await gateways.revokeCredentials(agent), await gateways.revokeCredentials(agent)]).toEqual([
      true,
      false,
    ]);
    expect(await entry(agent)).toMatchObject({ state: 'revoked', ...own });
    await gateways.patch(agent, { public_keys: keys('s') });
    expect(await entry(agent)).toMatchObject({ state: 'revoked' });
    await gateways.patch(agent, { public_keys: { agent: agentKey('b') } });
    expect(await entry(agent)).toEqual({
      agent_id: agent,
      state: 'active',
      min_version: '1.2.0',
      signing_key: agentKey('b'),
    });
    await gateways.decommission(agent);
    expect(await entry(agent)).toMatchObject({ state: 'decommissioned', signing_key: agentKey('b') });
    await expect(gateways.revokeCredentials(agent)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('what was revoked never comes back, however it is written; what was only replaced does', async () => {
    const agent = newAgent();
    const certificate_sha256 = 'e'.repeat(64);
    await gateways.register({ agent_id: agent, public_keys: { agent: agentKey('a'), certificate_sha256 } });
    for (const x of ['b', 'a', 'b'])
      await gateways.patch(agent, { public_keys: { agent: agentKey(x), ...keys(x) } });
    await gateways.revokeCredentials(agent);
    const refused = { code: 'CONFLICT', message: expect.stringContaining('revoked') as string };
    for (const public_keys of [
      { agent: agentKey('b') },
      { agent: { ...agentKey('b'), kid: 'another' } },
      { agent: { ...agentKey('b'), x: `${'b'.repeat(43)}=` } },
      // Replaced when the gateway was revoked: whoever has taken the host may have it all the same.
      { agent: agentKey('a') },
      { certificate_sha256 },
      { agent: agentKey('n'), ...keys('b') },
    ])
      await expect(gateways.patch(agent, { public_keys })).rejects.toMatchObject(refused);
    expect(await entry(agent)).toMatchObject({ state: 'revoked' });
    await gateways.patch(agent, { public_keys: { agent: agentKey('n') } });
    // Nor does it by way of a gateway that is back.
    await expect(gateways.patch(agent, { public_keys: { agent: agentKey('b') } })).rejects.toMatchObject(
      refused,
    );
    for (const x of ['m', 'n', 'n']) await gateways.patch(agent, { public_keys: { agent: agentKey(x) } });
    expect(await entry(agent)).toMatchObject({ state: 'active', signing_key: agentKey('n') });
  });

  test('a gateway that has nothing but the shared secret can be revoked too', async () => {
    const agent = newAgent();
    await gateways.register({ agent_id: agent });
    expect(await gateways.revokeCredentials(agent)).toBe(true);
    expect(await entry(agent)).toEqual({ agent_id: agent, state: 'revoked' });
  });

  test('one certificate opens one gateway', async () => {
    const [first, second] = [newAgent(), newAgent()];
    const public_keys = { certificate_sha256: 'd'.repeat(64) };
    await gateways.register({ agent_id: first, public_keys });
    await expect(gateways.register({ agent_id: second, public_keys })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await gateways.get(second)).toBeUndefined();
  });

  test('a discovered gateway is none of theirs, and takes no version', async () => {
    const agent = newAgent();
    await sql`INSERT INTO viw.os_gateways (agent_id, state) VALUES (${agent}, 'discovered')`.execute(f.db);
    const before = await registry.version();
    expect(await registry.gatewayDelta(agent)).toBeUndefined();
    expect(await registry.version()).toBe(before);
    expect((await registry.snapshot()).gateways.map(({ agent_id }) => agent_id)).not.toContain(agent);
  });

  test('the version is lifted above one that hubs know, never lowered', async () => {
    const before = await registry.version();
    expect(await registry.liftAbove(before)).toBe('unneeded');
    expect(await registry.liftAbove(before + 10)).toBe('lifted');
    expect(await registry.version()).toBe(before + 11);
  });

  test('a version that no backup explains is not believed', async () => {
    const before = await registry.version();
    for (const known of [before + 1_000_000_001, 2 ** 52, Number.MAX_SAFE_INTEGER])
      expect(await registry.liftAbove(known)).toBe('implausible');
    expect(await registry.version()).toBe(before);
  });

  test('without its row everything is frozen', async () => {
    await inTransaction(f.db, async (trx) => {
      await sql`DELETE FROM viw.gateway_registry`.execute(trx);
      const alone = new GatewayRegistryRepository({ db: trx });
      expect([(await alone.snapshot()).frozen, (await alone.freezeState()).frozen]).toEqual([true, true]);
      throw new Error('rolled back');
    }).catch((error: Error) => expect(error.message).toBe('rolled back'));
  });
});

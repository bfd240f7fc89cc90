import { type GatewayPublicKeys } from '@viw/contracts';
import { GatewayCredentialRepository, GatewayRepository } from '../src/index';
import { type Fixture, fixture, newAgent } from './fixture';

let f: Fixture;
let gateways: GatewayRepository;
let credentials: GatewayCredentialRepository;
beforeAll(async () => {
  f = await fixture();
  const db = await f.as('viw_backend');
  gateways = new GatewayRepository({ db });
  credentials = new GatewayCredentialRepository({ db });
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

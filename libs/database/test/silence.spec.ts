import type { AgentSessionsBody } from '@viw/contracts';
import { sql } from 'kysely';
import { type Db, GatewayRepository, GatewayTelemetryRepository } from '../src/index';
import { type Fixture, fixture, inSeconds, newAgent } from './fixture';
import { frame, hello } from './gateway-reports';

let f: Fixture;
let db: Db;
let writer: GatewayTelemetryRepository;
let gateways: GatewayRepository;
beforeAll(async () => {
  f = await fixture();
  // Everything below is done with the writer's own account.
  db = await f.as('viw_telemetry_writer');
  writer = new GatewayTelemetryRepository({ retentionDays: 30 }, { db });
  gateways = new GatewayRepository({ db: f.db });
});
afterAll(() => f.close());

const stateOf = async (agent: string) => (await gateways.get(agent))?.state;

test('silence makes lost, a newer sign of the same session brings it back, an old one does not', async () => {
  const agent = newAgent();
  await gateways.register({ agent_id: agent });
  await writer.applyHellos([hello(agent, 1)]);
  expect(await writer.markSilentAsLost(60)).not.toContain(agent);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    f.db,
  );
  expect(await writer.markSilentAsLost(120)).toContain(agent);
  expect(await stateOf(agent)).toBe('lost');
  const beat = (at: string, id = `${agent}-s1`): AgentSessionsBody => ({
    kind: 'heartbeats',
    hub: 'hub-1',
    at,
    sessions: [{ agent_id: agent, session_id: id, last_heartbeat_at: at }],
  });
  expect(await writer.applySessions([beat(inSeconds(-100)), beat(inSeconds(1), `${agent}-s0`)])).toEqual([]);
  expect(await stateOf(agent)).toBe('lost');
  await sql`UPDATE viw.os_gateways SET lost_at = now() - interval '1 minute' WHERE agent_id = ${agent}`.execute(
    f.db,
  );
  expect(await writer.applySessions([beat(inSeconds(0))])).toEqual([agent]);
  expect(await stateOf(agent)).toBe('connected');
});

test('telemetry of the newest session is a sign of life, that of an older one is not', async () => {
  const [talking, stale] = [newAgent(), newAgent()];
  for (const agent of [talking, stale]) {
    await gateways.register({ agent_id: agent });
    await writer.applyHellos([hello(agent, 2)]);
  }
  const seen = inSeconds(-1);
  await writer.applyTelemetry([frame(talking, 2, 1, 1, seen), frame(stale, 1, 9, 1, seen)]);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes'
    WHERE agent_id IN (${talking}, ${stale})`.execute(f.db);
  const lost = await writer.markSilentAsLost(120);
  expect(lost).toContain(stale);
  expect(lost).not.toContain(talking);
  expect((await gateways.get(talking))?.last_seen_at).toBe(seen);
});

test('a hub whose clock is ahead does not keep a silent gateway alive', async () => {
  const agent = newAgent();
  await gateways.register({ agent_id: agent });
  await writer.applyHellos([hello(agent, 1)]);
  await writer.applyTelemetry([frame(agent, 1, 1, 1, inSeconds(3_600))]);
  const { rows } = await sql`SELECT FROM viw.os_gateway_status
    WHERE agent_id = ${agent} AND received_at <= now()`.execute(f.db);
  expect(rows).toHaveLength(1);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    f.db,
  );
  await sql`UPDATE viw.os_gateway_status SET received_at = received_at - interval '3 minutes'
    WHERE agent_id = ${agent}`.execute(f.db);
  expect(await writer.markSilentAsLost(120)).toContain(agent);
});

test('telemetry brings a gateway back that had only looked silent', async () => {
  const agent = newAgent();
  await gateways.register({ agent_id: agent });
  await writer.applyHellos([hello(agent, 1)]);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    f.db,
  );
  await writer.markSilentAsLost(120);
  expect(await stateOf(agent)).toBe('lost');
  await sql`UPDATE viw.os_gateways SET lost_at = now() - interval '1 minute' WHERE agent_id = ${agent}`.execute(
    f.db,
  );
  await writer.applyTelemetry([frame(agent, 1, 1, 1, inSeconds(-90))]);
  expect(await stateOf(agent)).toBe('lost');
  await writer.applyTelemetry([frame(agent, 1, 2, 1, inSeconds(-1))]);
  expect(await stateOf(agent)).toBe('connected');
});

import type { AgentSessionsBody } from '@viw/contracts';
import { sql } from 'kysely';
import { inSeconds, newAgent } from './fixture';
import { frame, hello } from './gateway-reports';
import { telemetryStage } from './telemetry-stage';

const stage = telemetryStage();

test('silence makes lost, a newer sign of the same session brings it back, an old one does not', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  await stage.writer.applyHellos([hello(agent, 1)]);
  expect(await stage.writer.markSilentAsLost(60)).not.toContain(agent);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    stage.f.db,
  );
  expect(await stage.writer.markSilentAsLost(120)).toContain(agent);
  expect(await stage.stateOf(agent)).toBe('lost');
  const beat = (at: string, id = `${agent}-s1`): AgentSessionsBody => ({
    kind: 'heartbeats',
    hub: 'hub-1',
    at,
    sessions: [{ agent_id: agent, session_id: id, last_heartbeat_at: at }],
  });
  expect(
    await stage.writer.applySessions([beat(inSeconds(-100)), beat(inSeconds(1), `${agent}-s0`)]),
  ).toEqual([]);
  expect(await stage.stateOf(agent)).toBe('lost');
  await sql`UPDATE viw.os_gateways SET lost_at = now() - interval '1 minute' WHERE agent_id = ${agent}`.execute(
    stage.f.db,
  );
  expect(await stage.writer.applySessions([beat(inSeconds(0))])).toEqual([agent]);
  expect(await stage.stateOf(agent)).toBe('connected');
});

test('telemetry of the newest session is a sign of life, that of an older one is not', async () => {
  const [talking, stale] = [newAgent(), newAgent()];
  for (const agent of [talking, stale]) {
    await stage.gateways.register({ agent_id: agent });
    await stage.writer.applyHellos([hello(agent, 2)]);
  }
  const seen = inSeconds(-1);
  await stage.writer.applyTelemetry([frame(talking, 2, 1, 1, seen), frame(stale, 1, 9, 1, seen)]);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes'
    WHERE agent_id IN (${talking}, ${stale})`.execute(stage.f.db);
  const lost = await stage.writer.markSilentAsLost(120);
  expect(lost).toContain(stale);
  expect(lost).not.toContain(talking);
  expect((await stage.gateways.get(talking))?.last_seen_at).toBe(seen);
});

test('a hub whose clock is ahead does not keep a silent gateway alive', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  await stage.writer.applyHellos([hello(agent, 1)]);
  await stage.writer.applyTelemetry([frame(agent, 1, 1, 1, inSeconds(3_600))]);
  const { rows } = await sql`SELECT FROM viw.os_gateway_status
    WHERE agent_id = ${agent} AND received_at <= now()`.execute(stage.f.db);
  expect(rows).toHaveLength(1);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    stage.f.db,
  );
  await sql`UPDATE viw.os_gateway_status SET received_at = received_at - interval '3 minutes'
    WHERE agent_id = ${agent}`.execute(stage.f.db);
  expect(await stage.writer.markSilentAsLost(120)).toContain(agent);
});

test('telemetry brings a gateway back that had only looked silent', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  await stage.writer.applyHellos([hello(agent, 1)]);
  await sql`UPDATE viw.os_gateways SET last_seen_at = now() - interval '3 minutes' WHERE agent_id = ${agent}`.execute(
    stage.f.db,
  );
  await stage.writer.markSilentAsLost(120);
  expect(await stage.stateOf(agent)).toBe('lost');
  await sql`UPDATE viw.os_gateways SET lost_at = now() - interval '1 minute' WHERE agent_id = ${agent}`.execute(
    stage.f.db,
  );
  await stage.writer.applyTelemetry([frame(agent, 1, 1, 1, inSeconds(-90))]);
  expect(await stage.stateOf(agent)).toBe('lost');
  await stage.writer.applyTelemetry([frame(agent, 1, 2, 1, inSeconds(-1))]);
  expect(await stage.stateOf(agent)).toBe('connected');
});

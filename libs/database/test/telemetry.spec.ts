import type { AgentSessionsBody } from '@viw/contracts';
import { sql } from 'kysely';
import { GatewayHistoryRepository, GatewayTelemetryRepository, PointPartitionRepository } from '../src/index';
import { inSeconds, newAgent } from './fixture';
import { connected, frame, gone, hello, session } from './gateway-reports';
import { telemetryStage } from './telemetry-stage';

const stage = telemetryStage();
const everything = async () =>
  (
    await sql`SELECT (SELECT jsonb_agg(g ORDER BY agent_id) FROM viw.os_gateways g) AS g,
      (SELECT jsonb_agg(s ORDER BY session_id) FROM viw.agent_sessions s) AS s,
      (SELECT jsonb_agg(t ORDER BY agent_id) FROM viw.os_gateway_status t) AS t,
      (SELECT jsonb_agg(p ORDER BY agent_id, bucket) FROM viw.os_gateway_points p) AS p`.execute(stage.f.db)
  ).rows;

test('an unknown agent appears as discovered; adoption keeps its facts, HELLO keeps what people set', async () => {
  const agent = newAgent();
  expect(await stage.writer.applyHellos([hello(agent, 5)])).toEqual([agent]);
  expect(await stage.gateways.get(agent)).toMatchObject({
    state: 'discovered',
    site: 'berlin',
    version: '1.5',
  });
  const adopted = await stage.gateways.register({
    agent_id: agent,
    display_name: 'Berlin',
    labels: { env: 'prod' },
  });
  expect(adopted).toMatchObject({ state: 'connected', version: '1.5', site: 'berlin', connected: true });
  await stage.gateways.patch(agent, { site: 'potsdam' });
  expect(await stage.writer.applyHellos([hello(agent, 6, { site: 'hamburg' })])).toEqual([agent]);
  expect(await stage.gateways.get(agent)).toMatchObject({
    state: 'connected',
    display_name: 'Berlin',
    site: 'potsdam',
    labels: { env: 'prod' },
    version: '1.6',
    supported_verbs: ['list_users'],
  });
});

test('an expected gateway becomes connected; an older HELLO and a decommissioned one change nothing', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  await stage.writer.applyHellos([hello(agent, 6), hello(agent, 7), hello(agent, 5)]);
  expect(await stage.writer.applyHellos([hello(agent, 6, { version: 'old' })])).toEqual([]);
  expect(await stage.gateways.get(agent)).toMatchObject({ state: 'connected', version: '1.7', epoch: 7 });
  await stage.gateways.decommission(agent);
  expect(await stage.writer.applyHellos([hello(agent, 9)])).toEqual([]);
  expect(await stage.writer.applySessions([connected(agent, 9)])).toEqual([]);
  await stage.writer.applyTelemetry([frame(agent, 9, 1, 1)]);
  expect(await stage.stateOf(agent)).toBe('decommissioned');
});

test('the newest session decides the state, in whatever order its events come', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  await stage.writer.applySessions([connected(agent, 1)]);
  expect(await stage.stateOf(agent)).toBe('connected');
  await stage.writer.applySessions([connected(agent, 2), gone(agent, 1, 'replaced')]);
  expect(await stage.stateOf(agent)).toBe('connected');
  expect(await stage.writer.applySessions([gone(agent, 1, 'silent')])).toEqual([]);
  expect(await stage.stateOf(agent)).toBe('connected');
  await stage.writer.applySessions([gone(agent, 3, 'silent'), connected(agent, 3)]);
  expect(await stage.stateOf(agent)).toBe('lost');
  await stage.writer.applySessions([connected(agent, 4), gone(agent, 4, 'shutdown')]);
  expect(await stage.stateOf(agent)).toBe('offline');
  // Its HELLO comes after its end: that session is over.
  await stage.writer.applyHellos([hello(agent, 4)]);
  expect(await stage.stateOf(agent)).toBe('offline');
  const sessions = await new GatewayHistoryRepository({ db: stage.f.db }).sessions(agent, { limit: 3 });
  expect(sessions.items.map((item) => [item.epoch, item.reason])).toEqual([
    [4, 'shutdown'],
    [3, 'silent'],
    [2, null],
  ]);
  const rest = await new GatewayHistoryRepository({ db: stage.f.db }).sessions(agent, {
    cursor: sessions.next_cursor ?? '',
  });
  expect(rest.items.map((item) => [item.epoch, item.reason])).toEqual([[1, 'replaced']]);
});

test('a session whose end nobody saw ends where the next one begins, in whatever order they come; its real end wins', async () => {
  const at = [0, -30, -20, -10].map(inSeconds);
  const entries = (agent: string): AgentSessionsBody[] =>
    [1, 2, 3].map((epoch) => ({ kind: 'connected', ...session(agent, epoch, at[epoch]) }));
  const stored = async (agent: string) =>
    (
      await sql<Record<string, unknown>>`SELECT epoch::int, disconnected_at, reason, replaced_by
       FROM viw.agent_sessions WHERE agent_id = ${agent} ORDER BY epoch`.execute(stage.f.db)
    ).rows;
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const agent = newAgent();
    await stage.gateways.register({ agent_id: agent });
    for (const index of order) await stage.writer.applySessions(entries(agent).slice(index, index + 1));
    const open = { disconnected_at: null, reason: null, replaced_by: null };
    expect(await stored(agent)).toEqual([
      { epoch: 1, disconnected_at: at[2], reason: null, replaced_by: `${agent}-s2` },
      { epoch: 2, disconnected_at: at[3], reason: null, replaced_by: `${agent}-s3` },
      { epoch: 3, ...open },
    ]);
    expect(await stage.stateOf(agent)).toBe('connected');

    const end: AgentSessionsBody = {
      kind: 'disconnected',
      ...session(agent, 1, inSeconds(-25)),
      reason: 'silent',
      code: 4408,
    };
    await stage.writer.applySessions([end]);
    await stage.writer.applySessions(entries(agent));
    expect((await stored(agent))[0]).toEqual({
      epoch: 1,
      disconnected_at: end.at,
      reason: 'silent',
      replaced_by: null,
    });
    expect((await stored(agent))[2]).toEqual({ epoch: 3, ...open });
  }
});

test('a HELLO after the end of its session leaves no connected ghost', async () => {
  const agent = newAgent();
  await stage.writer.applySessions([connected(agent, 1), gone(agent, 1)]);
  await stage.writer.applyHellos([hello(agent, 1)]);
  expect(await stage.gateways.get(agent)).toMatchObject({ state: 'discovered', connected: false });
});

test('(epoch, seq) decides, not arrival: status and the point of the minute', async () => {
  const agent = newAgent();
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
  await stage.writer.applyTelemetry([frame(agent, 2, 1, 10, minute), frame(agent, 1, 99, 99, minute)]);
  expect(await stage.writer.applyTelemetry([frame(agent, 1, 100, 98, minute)])).toMatchObject({
    agents: [],
    points: 0,
  });
  await stage.writer.applyTelemetry([frame(agent, 2, 3, 30, minute), frame(agent, 2, 2, 20, minute)]);
  await stage.writer.applyHellos([hello(agent, 2)]);
  expect(await stage.gateways.get(agent)).toMatchObject({
    cpu_pct: 30,
    mem_used_pct: 25,
    load_1: 1.5,
    sessions: 3,
    metrics: { cpu_pct: 30 },
    metrics_at: minute,
  });
  const points = await new GatewayHistoryRepository({ db: stage.f.db }).points(agent, {
    from: minute,
    to: inSeconds(120),
    step: 60,
  });
  expect(points).toEqual([{ ts: minute, cpu_pct: 30, mem_used_pct: 25, load_1: 1.5, sessions: 3 }]);
});

test('points of late days within retention get their partition, older frames only count as status', async () => {
  const agent = newAgent();
  const late = inSeconds(-3 * 86_400);
  const applied = await stage.writer.applyTelemetry([
    frame(agent, 1, 1, 1, inSeconds(-40 * 86_400)),
    frame(agent, 1, 2, 2, late),
  ]);
  expect(applied).toEqual({ agents: [agent], points: 1, outsideRetention: 1 });
  const partitions = new PointPartitionRepository({ db: stage.db });
  expect(await partitions.ensureDays([late.slice(0, 10)])).toEqual([]);
  expect(await Promise.all([partitions.ensureAhead(2), partitions.ensureAhead(2)])).toHaveLength(2);
  expect(await partitions.dropOlderThan(2)).toEqual([
    `os_gateway_points_${late.slice(0, 10).replaceAll('-', '')}`,
  ]);
});

test('a batch again, and two writers at once, change nothing more', async () => {
  const agents = Array.from({ length: 30 }, newAgent);
  const hellos = agents.map((agent) => hello(agent, 3));
  const sessions = agents.flatMap((agent, i) => [
    connected(agent, 3),
    ...(i % 2 ? [gone(agent, 3, 'silent')] : []),
  ]);
  const frames = agents.flatMap((agent) => [frame(agent, 3, 1, 1), frame(agent, 3, 2, 2, inSeconds(-90))]);
  const all = async (w: GatewayTelemetryRepository, reverse: boolean) => {
    const order = <T>(items: readonly T[]) => (reverse ? [...items].reverse() : items);
    await w.applyHellos(order(hellos));
    await w.applySessions(order(sessions));
    await w.applyTelemetry(order(frames));
  };
  const other = new GatewayTelemetryRepository({}, { db: stage.f.open() });
  await Promise.all([all(stage.writer, false), all(other, true)]);
  const before = await everything();
  await all(stage.writer, true);
  expect(await everything()).toEqual(before);
  const event = {
    event_id: '01936b2e-0000-7000-8000-00000000000c',
    agent_id: agents[0] ?? '',
    ts: inSeconds(0),
  };
  const body = {
    ...session('x', 1),
    received_at: inSeconds(0),
    event: { ...event, kind: 'service' as const, name: 'a' },
  };
  expect(await stage.writer.applyAgentEvents([body, body])).toHaveLength(1);
  expect(await stage.writer.applyAgentEvents([body])).toEqual([]);
});

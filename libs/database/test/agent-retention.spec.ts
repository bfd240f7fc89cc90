import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { AgentRetentionRepository, GatewayHistoryRepository } from '../src/index';
import { inSeconds, newAgent } from './fixture';
import { connected, gone, session } from './gateway-reports';
import { telemetryStage } from './telemetry-stage';

const stage = telemetryStage();
const retention = () => new AgentRetentionRepository({ db: stage.db });
const old = { keepDays: 90, limit: 100 };
const DAY_S = 86_400;

/** As if what is stored of these sessions had been stored so many days ago. */
const earlier = (agent: string, days: number, ...epochs: number[]) =>
  sql`UPDATE viw.agent_sessions SET stored_at = now() - make_interval(days => ${days})
    WHERE agent_id = ${agent} AND epoch = ANY (${epochs}::bigint[])`.execute(stage.f.db);
const eventsEarlier = (agent: string) =>
  sql`UPDATE viw.agent_events SET stored_at = ts WHERE agent_id = ${agent}`.execute(stage.f.db);
const epochsOf = async (agent: string) =>
  (await new GatewayHistoryRepository({ db: stage.f.db }).sessions(agent)).items.map(({ epoch }) => epoch);

test('sessions that ended long ago go; the newest of an agent, open ones and young ones stay', async () => {
  const [busy, silent, open] = [newAgent(), newAgent(), newAgent()];
  await stage.writer.applySessions(
    [1, 2, 3, 4].flatMap((epoch) => [connected(busy, epoch), gone(busy, epoch)]),
  );
  await earlier(busy, 100, 1, 2);
  await earlier(busy, 89, 3);
  await stage.writer.applySessions(
    [1, 2].flatMap((epoch) => [connected(silent, epoch), gone(silent, epoch)]),
  );
  await earlier(silent, 100, 1, 2);
  await stage.writer.applySessions([connected(open, 1)]);
  await earlier(open, 100, 1);
  expect(await retention().sessions(old)).toBe(3);
  expect(await retention().sessions(old)).toBe(0);
  expect(await Promise.all([busy, silent, open].map(epochsOf))).toEqual([[4, 3], [2], [1]]);
});

const beat = (agent: string, epoch: number, at: string) => ({
  kind: 'heartbeats' as const,
  hub: 'hub-1',
  at,
  sessions: [{ agent_id: agent, session_id: `${agent}-s${epoch}`, last_heartbeat_at: at }],
});

test('no hub has its own sessions deleted early, or kept, by the times that it reports', async () => {
  const agent = newAgent();
  const at = (epoch: number, days: number) => session(agent, epoch, inSeconds(days * DAY_S));
  await stage.writer.applySessions([
    { kind: 'connected', ...at(1, -200) },
    { ...gone(agent, 1), ...at(1, -100) },
    connected(agent, 2),
    { ...gone(agent, 2), ...at(2, 3_650) },
    beat(agent, 2, inSeconds(3_650 * DAY_S)),
    connected(agent, 3),
  ]);
  expect(await retention().sessions(old)).toBe(0);
  await earlier(agent, 100, 2);
  await stage.writer.applySessions([beat(agent, 2, inSeconds(0)), { ...gone(agent, 2), ...at(2, 7_300) }]);
  expect(await retention().sessions(old)).toBe(1);
  expect(await epochsOf(agent)).toEqual([3, 1]);
});

test('the days of a session begin when its end was learned, and anew when it is heard of after it', async () => {
  const agent = newAgent();
  await stage.writer.applySessions([1, 2, 3].map((epoch) => connected(agent, epoch)));
  await earlier(agent, 100, 1, 2, 3);
  await stage.writer.applySessions([gone(agent, 1), beat(agent, 2, inSeconds(60))]);
  expect(await retention().sessions(old)).toBe(0);
  await earlier(agent, 100, 1, 2);
  expect(await retention().sessions(old)).toBe(2);
});

test('a hub keeps no session by beating on after its end was reported', async () => {
  const agent = newAgent();
  await stage.writer.applySessions([connected(agent, 1), gone(agent, 1), connected(agent, 2)]);
  await earlier(agent, 100, 1);
  await stage.writer.applySessions([beat(agent, 1, inSeconds(60)), beat(agent, 1, inSeconds(120))]);
  expect(await retention().sessions(old)).toBe(1);
  expect(await epochsOf(agent)).toEqual([2]);
});

test('no writer says when something was stored', async () => {
  for (const statement of [
    'UPDATE viw.agent_sessions SET stored_at = now()',
    'UPDATE viw.agent_events SET stored_at = now()',
    "INSERT INTO viw.agent_events (agent_id, event_id, stored_at) VALUES ('a', gen_random_uuid(), now())",
    "INSERT INTO viw.agent_sessions (session_id, agent_id, stored_at) VALUES ('s', 'a', now())",
  ])
    await expect(sql.raw(statement).execute(stage.db)).rejects.toMatchObject({ code: '42501' });
});

test('an entry that comes again after its session was deleted changes no gateway, and goes like any other', async () => {
  const agent = newAgent();
  await stage.gateways.register({ agent_id: agent });
  const then = inSeconds(-100 * DAY_S);
  const first = { kind: 'connected' as const, ...session(agent, 1, then) };
  await stage.writer.applySessions([first]);
  await stage.writer.applySessions([
    { kind: 'connected', ...session(agent, 2, inSeconds(-99 * DAY_S)) },
    { kind: 'disconnected', ...session(agent, 2, inSeconds(-98 * DAY_S)), reason: 'shutdown', code: 1000 },
  ]);
  await earlier(agent, 100, 1, 2);
  expect(await retention().sessions(old)).toBe(1);
  const gateway = async () =>
    (await sql`SELECT * FROM viw.os_gateways WHERE agent_id = ${agent}`.execute(stage.f.db)).rows;
  const before = await gateway();
  expect(await stage.writer.applySessions([first])).toEqual([]);
  expect(await gateway()).toEqual(before);
  expect(await stage.stateOf(agent)).toBe('offline');
  expect(await retention().sessions(old)).toBe(0);
  await earlier(agent, 100, 1);
  expect(await retention().sessions(old)).toBe(1);
  expect(await epochsOf(agent)).toEqual([2]);
});

const event = (agent_id: string, days: number) => ({
  hub: 'hub-1',
  session_id: 's',
  epoch: 1,
  received_at: inSeconds(-days * DAY_S),
  event: {
    agent_id,
    event_id: uuidv7(),
    kind: 'service' as const,
    name: 'service_failed',
    ts: inSeconds(-days * DAY_S),
  },
});

test('events go by age, the oldest first and so many at once; two callers delete each once', async () => {
  const agent = newAgent();
  const events = [200, 100, 95, 91, 89, 0].map((days) => event(agent, days));
  await stage.writer.applyAgentEvents(events);
  await eventsEarlier(agent);
  const kept = async () =>
    (await new GatewayHistoryRepository({ db: stage.f.db }).events(agent)).items.map(
      ({ event_id }) => event_id,
    );
  expect(await retention().events({ keepDays: 90, limit: 1 })).toBe(1);
  expect(await kept()).toEqual(
    events
      .slice(1)
      .map(({ event: { event_id } }) => event_id)
      .toReversed(),
  );
  const both = await Promise.all([retention().events(old), retention().events(old)]);
  expect(both[0] + both[1]).toBe(3);
  expect(await kept()).toEqual([events[5]!.event.event_id, events[4]!.event.event_id]);
});

test('no hub has its own events deleted early, or kept, by the times that it reports', async () => {
  const agent = newAgent();
  const [past, future] = [event(agent, 200), event(agent, -3_650)];
  await stage.writer.applyAgentEvents([past, future]);
  expect(await retention().events(old)).toBe(0);
  await sql`UPDATE viw.agent_events SET stored_at = now() - interval '91 days' WHERE event_id = ${future.event.event_id}`.execute(
    stage.f.db,
  );
  expect(await retention().events(old)).toBe(1);
  const { items } = await new GatewayHistoryRepository({ db: stage.f.db }).events(agent);
  expect(items.map(({ event_id }) => event_id)).toEqual([past.event.event_id]);
});

test('what another process deletes at the moment is not waited for', async () => {
  const agent = newAgent();
  await stage.writer.applyAgentEvents([event(agent, 200), event(agent, 100)]);
  await eventsEarlier(agent);
  await stage.f.db.transaction().execute(async (trx) => {
    expect(await new AgentRetentionRepository({ db: trx }).events({ keepDays: 90, limit: 1 })).toBe(1);
    expect(await retention().events(old)).toBe(1);
  });
  expect(await retention().events(old)).toBe(0);
});

test('less than the schema keeps at least is refused, whoever asks, and so is a step without a bound', async () => {
  for (const step of [
    { keepDays: 30, limit: 1 },
    { keepDays: 90, limit: 0 },
    { keepDays: 90, limit: 10_001 },
  ]) {
    await expect(retention().sessions(step)).rejects.toMatchObject({ code: '22023' });
    await expect(retention().events(step)).rejects.toMatchObject({ code: '22023' });
  }
});

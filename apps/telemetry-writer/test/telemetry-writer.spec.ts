import { randomUUID } from 'node:crypto';
import {
  type TelemetryPoint,
  agentHelloStream,
  agentSessionsStream,
  deadLetterStream,
  groups,
  streams,
  telemetryStream,
} from '@viw/contracts';
import { type Db, createDatabase, createServiceLogin, migrate } from '@viw/database';
import { Lifecycle, createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { type Postgres, type Redis, eventually, startPostgres, startRedis } from '@viw/testing';
import { sql } from 'kysely';
import { buildTelemetryWriter } from '../src/build';
import { completeConfig, configSource } from '../src/config';

const logger = createLogger({ service: 'telemetry-writer-test', level: 'fatal' });

/** The writer as in production, with its own restricted account, on servers of this file alone: they are restarted. */
describe('telemetry-writer', () => {
  let redis: Redis;
  let postgres: Postgres;
  let db: Db;
  let client: RedisClient;
  let producer: StreamProducer;
  let databaseUrl: string;
  let running: Lifecycle | undefined;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startPostgres({ durable: true })]);
    const ownerUrl = await postgres.createDatabase('writer');
    db = createDatabase({ url: ownerUrl, applicationName: 'test', max: 2 });
    await migrate(db);
    const password = randomUUID();
    await createServiceLogin(db, 'viw_telemetry_writer', 'writer_account', password);
    const url = new URL(ownerUrl);
    url.username = 'writer_account';
    url.password = password;
    databaseUrl = url.toString();
    client = createRedis(redis.url, { role: 'command', name: 'test' });
    await waitUntilReady(client);
    producer = new StreamProducer({}, { redis: client, logger });
    producer.start();
  }, 90_000);

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  afterAll(async () => {
    await producer?.stop();
    client?.disconnect();
    await db?.destroy();
    await Promise.all([redis?.stop(), postgres?.stop()]);
  });

  async function startWriter(): Promise<Lifecycle> {
    const values = configSource.schema.parse({
      TELEMETRY_WRITER_ENABLED: 'true',
      TELEMETRY_WRITER_OPS_BIND: '127.0.0.1:0',
      TELEMETRY_WRITER_REDIS_URL: redis.url,
      TELEMETRY_WRITER_DATABASE_URL: databaseUrl,
      TELEMETRY_WRITER_CONSUMER: 'test-1',
    });
    running = new Lifecycle(
      { components: buildTelemetryWriter(completeConfig(values), { logger }) },
      { logger },
    );
    await running.start();
    return running;
  }

  const point = (agentId: string, seq: number, cpu: number, epoch = 1_000): TelemetryPoint => ({
    agent_id: agentId,
    session_id: `session-${agentId}`,
    epoch,
    seq,
    ts: new Date().toISOString(),
    received_at: new Date().toISOString(),
    metrics: { cpu_pct: cpu },
  });
  const publish = (...frames: TelemetryPoint[]) =>
    producer.publish(telemetryStream, { hub: 'hub-1', frames });

  async function hello(agentId: string, epoch = 1_000): Promise<void> {
    const at = new Date().toISOString();
    const facts = { hub: 'hub-1', session_id: `session-${agentId}`, epoch };
    await producer.publish(agentHelloStream, {
      ...facts,
      received_at: at,
      ip: '192.0.2.1',
      hello: { agent_id: agentId, version: '1.0.0', capabilities: [], hostname: `${agentId}.example.org` },
    });
    await producer.publish(agentSessionsStream, {
      ...facts,
      kind: 'connected',
      agent_id: agentId,
      conn_id: randomUUID(),
      ip: '192.0.2.1',
      at,
    });
  }

  const statusOf = async (agentId: string) => {
    const { rows } = await sql<{ epoch: number; seq: number; cpu_pct: number }>`
      select epoch, seq, cpu_pct from viw.os_gateway_status where agent_id = ${agentId}`.execute(db);
    return rows[0];
  };
  const pending = async () => {
    const [count] = (await client.xpending(streams.telemetry, groups.telemetryWriter)) as [number];
    return count;
  };

  it('makes an unknown agent a discovered gateway and stores its newest frame', async () => {
    await startWriter();
    await hello('gw-new');
    await publish(point('gw-new', 1, 10), point('gw-new', 2, 20));
    await eventually(async () =>
      expect(await statusOf('gw-new')).toEqual({ epoch: 1_000, seq: 2, cpu_pct: 20 }),
    );
    await eventually(async () => {
      const { rows } =
        await sql`select state, hostname from viw.os_gateways where agent_id = 'gw-new'`.execute(db);
      expect(rows).toEqual([{ state: 'discovered', hostname: 'gw-new.example.org' }]);
    });
    await eventually(async () => expect(await pending()).toBe(0));
  });

  it('deletes sessions and events past their retention, and the newest session of nobody', async () => {
    for (const [session, epoch] of [
      ['old', 1],
      ['newest', 2],
    ] as const)
      await sql`insert into viw.agent_sessions (session_id, agent_id, hub, conn_id, epoch, remote_ip, disconnected_at, stored_at)
        values (${session}, 'gw-past', 'hub-1', 'c', ${epoch}, '192.0.2.1', now(), now() - interval '91 days')`.execute(
        db,
      );
    await sql`insert into viw.agent_events (agent_id, event_id, kind, name, ts, received_at, stored_at)
      select 'gw-past', gen_random_uuid(), 'service', name, now(), now(), now() - make_interval(days => days)
      from (values ('old', 91), ('young', 89)) as e (name, days)`.execute(db);
    await startWriter();
    await eventually(async () => {
      const { rows } = await sql`select session_id as left from viw.agent_sessions where agent_id = 'gw-past'
        union all select name from viw.agent_events where agent_id = 'gw-past'`.execute(db);
      expect(rows).toEqual([{ left: 'newest' }, { left: 'young' }]);
    });
  });

  it('never lets an older frame win, and a replay of everything changes nothing', async () => {
    await startWriter();
    await hello('gw-order', 2_000);
    await publish(point('gw-order', 9, 90, 2_000));
    await publish(point('gw-order', 8, 80, 2_000));
    await publish(point('gw-order', 1, 1, 1_999));
    // Behind them all: nothing of them is unread or under way once this one is stored.
    await publish(point('gw-behind', 1, 1));
    await eventually(async () => expect((await statusOf('gw-behind'))?.seq).toBe(1));
    await eventually(async () => expect(await pending()).toBe(0));
    await eventually(async () =>
      expect(await statusOf('gw-order')).toEqual({ epoch: 2_000, seq: 9, cpu_pct: 90 }),
    );
    const points = () =>
      sql`select agent_id, bucket, cpu_pct from viw.os_gateway_points order by 1, 2`.execute(db);
    const before = (await points()).rows;

    await running?.stop();
    await client.xgroup('SETID', streams.telemetry, groups.telemetryWriter, '0');
    await startWriter();
    await publish(point('gw-marker', 1, 5));
    await eventually(async () => expect((await statusOf('gw-marker'))?.seq).toBe(1));
    expect(await statusOf('gw-order')).toEqual({ epoch: 2_000, seq: 9, cpu_pct: 90 });
    const after = (await points()).rows.filter(
      (row) => (row as { agent_id: string }).agent_id !== 'gw-marker',
    );
    expect(after).toEqual(before);
  });

  it('sets a malformed entry aside with its reason and goes on', async () => {
    await startWriter();
    await client.xadd(
      streams.telemetry,
      '*',
      'event_id',
      randomUUID(),
      'ts',
      new Date().toISOString(),
      'v',
      '1',
      'body',
      '{"hub":7}',
    );
    await publish(point('gw-after-poison', 1, 7));
    await eventually(async () => expect((await statusOf('gw-after-poison'))?.seq).toBe(1));
    expect(await client.xlen(deadLetterStream(streams.telemetry))).toBe(1);
    await eventually(async () => expect(await pending()).toBe(0));
  });

  it('waits while Postgres is away: nothing is set aside, nothing is acknowledged, everything comes after', async () => {
    await startWriter();
    await publish(point('gw-outage', 1, 1));
    await eventually(async () => expect((await statusOf('gw-outage'))?.seq).toBe(1));
    const dead = await client.xlen(deadLetterStream(streams.telemetry));
    await postgres.kill();
    for (let seq = 2; seq <= 20; seq++) await publish(point('gw-outage', seq, seq));
    await eventually(async () => expect(await pending()).toBeGreaterThan(0));
    await postgres.restart();
    await eventually(async () => expect((await statusOf('gw-outage'))?.seq).toBe(20), { timeoutMs: 30_000 });
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await client.xlen(deadLetterStream(streams.telemetry))).toBe(dead);
  });

  it('declares a connected gateway lost of which nothing is heard', async () => {
    await startWriter();
    await hello('gw-silent', 3_000);
    await sql`insert into viw.os_gateways (agent_id, state) values ('gw-talking', 'expected')`.execute(db);
    await eventually(async () => {
      const { rows } = await sql`select connected from viw.os_gateways where agent_id = 'gw-silent'`.execute(
        db,
      );
      expect(rows).toEqual([{ connected: true }]);
    });
    await sql`update viw.os_gateways set last_seen_at = now() - interval '3 minutes' where agent_id = 'gw-silent'`.execute(
      db,
    );
    await eventually(
      async () => {
        const { rows } =
          await sql`select connected from viw.os_gateways where agent_id = 'gw-silent'`.execute(db);
        expect(rows).toEqual([{ connected: false }]);
      },
      { timeoutMs: 60_000 },
    );
  });
});

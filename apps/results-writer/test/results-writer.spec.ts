import { randomUUID } from 'node:crypto';
import {
  type CommandEventsBody,
  type CommandResultsBody,
  commandEventsStream,
  commandResultsStream,
  deadLetterStream,
  groups,
  streams,
} from '@viw/contracts';
import { type Db, createDatabase, createServiceLogin, migrate } from '@viw/database';
import { Lifecycle, createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { type Redis, eventually, startRedis, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { buildResultsWriter } from '../src/build';
import { completeConfig, configSource } from '../src/config';

const logger = createLogger({ service: 'results-writer-test', level: 'fatal' });
const agentId = 'gw-results';

describe('results-writer', () => {
  let redis: Redis;
  let db: Db;
  let client: RedisClient;
  let producer: StreamProducer;
  let running: Lifecycle;

  beforeAll(async () => {
    redis = await startRedis();
    const { url: ownerUrl } = await uniqueDatabase();
    db = createDatabase({ url: ownerUrl, applicationName: 'test', max: 2 });
    await migrate(db);
    const user = `results_${randomUUID().slice(0, 8)}`;
    const password = randomUUID();
    await createServiceLogin(db, 'viw_results_writer', user, password);
    const url = new URL(ownerUrl);
    url.username = user;
    url.password = password;
    client = createRedis(redis.url, { role: 'command', name: 'test' });
    await waitUntilReady(client);
    producer = new StreamProducer({}, { redis: client, logger });
    producer.start();
    await sql`insert into viw.os_gateways (agent_id, state) values (${agentId}, 'expected')`.execute(db);
    const values = configSource.schema.parse({
      RESULTS_WRITER_ENABLED: 'true',
      RESULTS_WRITER_OPS_BIND: '127.0.0.1:0',
      RESULTS_WRITER_REDIS_URL: redis.url,
      RESULTS_WRITER_DATABASE_URL: url.toString(),
      RESULTS_WRITER_CONSUMER: 'test-1',
    });
    running = new Lifecycle(
      { components: buildResultsWriter(completeConfig(values), { logger }) },
      { logger },
    );
    await running.start();
  }, 90_000);

  afterAll(async () => {
    await running?.stop();
    await producer?.stop();
    client?.disconnect();
    await db?.destroy();
    await redis?.stop();
  });

  /** A command as the backend leaves it after the relay has published it. */
  async function queuedCommand(verb = 'create_panel_user'): Promise<string> {
    const id = randomUUID();
    await sql`insert into viw.agent_commands
      (correlation_id, agent_id, verb, parameters_redacted, jws, status, issued_by_kind, issued_by_id, issued_by_name,
       accepted_at, expires_at, timeout_s, queued_at)
      values (${id}, ${agentId}, ${verb}, '{}', 'x.y.z', 'queued', 'administrator', 'a-1', 'admin@example.org',
       now(), now() + interval '1 minute', 30, now())`.execute(db);
    return id;
  }

  const report = (
    correlationId: string,
    state: CommandEventsBody['state'],
    more: Partial<CommandEventsBody> = {},
  ) =>
    producer.publish(commandEventsStream, {
      correlation_id: correlationId,
      agent_id: agentId,
      hub: 'hub-1',
      at: new Date().toISOString(),
      state,
      ...more,
    });
  const resultOf = (
    correlationId: string,
    more: Partial<CommandResultsBody['result']> = {},
  ): CommandResultsBody => ({
    hub: 'hub-1',
    session_id: 's-1',
    epoch: 1,
    received_at: new Date().toISOString(),
    result: {
      result_id: randomUUID(),
      correlation_id: correlationId,
      agent_id: agentId,
      verb: 'create_panel_user',
      status: 'success',
      rc: 0,
      stdout: 'created',
      stderr: '',
      truncated: false,
      duration_ms: 5,
      started_at: new Date().toISOString(),
      finished_at: new Date().toISOString(),
      ...more,
    },
  });
  const statusOf = async (correlationId: string) => {
    const { rows } = await sql<{ status: string; reason: string | null }>`
      select status, reason from viw.agent_commands where correlation_id = ${correlationId}`.execute(db);
    return rows[0];
  };
  const storedResults = async (correlationId: string) => {
    const { rows } = await sql<{ stdout: string; late: boolean }>`
      select stdout, late from viw.agent_command_results where correlation_id = ${correlationId} order by id`.execute(
      db,
    );
    return rows;
  };

  it('stores a result whose program printed NUL bytes', async () => {
    const id = await queuedCommand();
    const error = { code: 'INTERNAL_ERROR', msg: 'bad\0name' } as const;
    await producer.publish(
      commandResultsStream,
      resultOf(id, { status: 'error', rc: 1, stdout: 'a\0b', stderr: '\0', error }),
    );
    await eventually(async () => expect((await statusOf(id))?.status).toBe('failed'));
    expect((await storedResults(id)).map(({ stdout }) => stdout)).toEqual(['a\ufffdb']);
  });

  it('follows a command from dispatch to its end', async () => {
    const id = await queuedCommand();
    await report(id, 'dispatched');
    await eventually(async () => expect((await statusOf(id))?.status).toBe('dispatched'));
    await report(id, 'acknowledged');
    await eventually(async () => expect((await statusOf(id))?.status).toBe('acknowledged'));
    await producer.publish(commandResultsStream, resultOf(id));
    await eventually(async () => expect((await statusOf(id))?.status).toBe('succeeded'));
    expect(await storedResults(id)).toEqual([{ stdout: 'created', late: false }]);
  });

  it('stores a result once, however often it comes, and never leaves an end again', async () => {
    const id = await queuedCommand();
    const body = resultOf(id);
    await producer.publish(commandResultsStream, body);
    await producer.publish(commandResultsStream, body);
    await producer.publish(commandResultsStream, resultOf(id, { status: 'error', stdout: 'second' }));
    await report(id, 'dispatched');
    await eventually(async () => expect(await storedResults(id)).toHaveLength(2));
    expect(await storedResults(id)).toEqual([
      { stdout: 'created', late: false },
      { stdout: 'second', late: true },
    ]);
    expect((await statusOf(id))?.status).toBe('succeeded');
  });

  it('ends a refused command as denied, with the reason', async () => {
    const id = await queuedCommand();
    await report(id, 'rejected', { reason: 'the gateway does not advertise this verb' });
    await eventually(async () =>
      expect(await statusOf(id)).toEqual({
        status: 'denied',
        reason: 'the gateway does not advertise this verb',
      }),
    );
  });

  it('stores no secret that a script has printed', async () => {
    const id = await queuedCommand();
    await producer.publish(
      commandResultsStream,
      resultOf(id, { stdout: 'set password=Planted-0815-secret' }),
    );
    await eventually(async () => expect(await storedResults(id)).toHaveLength(1));
    const { rows } =
      await sql`select 1 from viw.agent_command_results r where r::text like '%Planted-0815%'`.execute(db);
    expect(rows).toEqual([]);
  });

  it('sets a malformed entry aside and goes on', async () => {
    await client.xadd(streams.commandResults, '*', 'body', 'not json');
    const id = await queuedCommand();
    await producer.publish(commandResultsStream, resultOf(id));
    await eventually(async () => expect((await statusOf(id))?.status).toBe('succeeded'));
    expect(await client.xlen(deadLetterStream(streams.commandResults))).toBe(1);
    await eventually(async () => {
      const [pending] = (await client.xpending(streams.commandResults, groups.resultsWriter)) as [number];
      expect(pending).toBe(0);
    });
  });

  it('changes nothing when both streams are replayed from their first entry', async () => {
    const id = await queuedCommand();
    await report(id, 'dispatched');
    await report(id, 'rejected', { reason: 'not advertised' });
    await producer.publish(commandResultsStream, resultOf(id));
    await eventually(async () => expect(await storedResults(id)).toHaveLength(1));
    await eventually(async () => expect((await statusOf(id))?.status).toMatch(/denied|succeeded/));
    const both = [streams.commandEvents, streams.commandResults];
    const readUp = async () => {
      for (const stream of both) {
        const groupsOfStream = (await client.xinfo('GROUPS', stream)) as unknown[][];
        const [newest] = await client.xrevrange(stream, '+', '-', 'COUNT', 1);
        expect(groupsOfStream[0]).toEqual(expect.arrayContaining(['last-delivered-id', newest?.[0]]));
        expect(await client.xpending(stream, groups.resultsWriter)).toEqual([0, null, null, null]);
      }
    };
    const everything = async () => [
      (await sql`select * from viw.agent_commands order by correlation_id`.execute(db)).rows,
      (await sql`select * from viw.agent_command_results order by id`.execute(db)).rows,
    ];
    await eventually(readUp);
    const before = await everything();
    for (const stream of both) await client.xgroup('SETID', stream, groups.resultsWriter, '0');
    await eventually(readUp);
    expect(await everything()).toEqual(before);
  });
});

import { randomUUID } from 'node:crypto';
import { generateSigningKey, signResult } from '@viw/commands';
import type { SigningKeyPair } from '@viw/commands';
import {
  type AlertsBody,
  type CommandEventsBody,
  type CommandResultsBody,
  commandEventsStream,
  commandResultsStream,
  deadLetterStream,
  groups,
  streams,
} from '@viw/contracts';
import {
  type Db,
  GatewayCredentialRepository,
  createDatabase,
  createServiceLogin,
  migrate,
} from '@viw/database';
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
  async function queuedCommand(verb = 'create_panel_user', agent = agentId): Promise<string> {
    const id = randomUUID();
    await sql`insert into viw.agent_commands
      (correlation_id, agent_id, verb, parameters_redacted, jws, status, issued_by_kind, issued_by_id, issued_by_name,
       accepted_at, expires_at, timeout_s, queued_at)
      values (${id}, ${agent}, ${verb}, '{}', 'x.y.z', 'queued', 'administrator', 'a-1', 'admin@example.org',
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

  describe('of a gateway that signs its results', () => {
    const signing = 'gw-signs';
    let helper: SigningKeyPair;
    let agent: SigningKeyPair;
    let stranger: SigningKeyPair;

    const register = (kind: 'signing' | 'agent', { publicKey }: SigningKeyPair) =>
      new GatewayCredentialRepository({ db }).setPublicKeys(signing, { [kind]: publicKey });

    beforeAll(async () => {
      [helper, agent, stranger] = await Promise.all([
        generateSigningKey(),
        generateSigningKey(),
        generateSigningKey(),
      ]);
      await sql`insert into viw.os_gateways (agent_id, state) values (${signing}, 'expected')`.execute(db);
      await register('signing', helper);
      await register('agent', agent);
    });

    /** What the host said, signed; then changed by whoever carried it. */
    async function carried(
      id: string,
      by: SigningKeyPair | undefined,
      said: Partial<CommandResultsBody['result']> = {},
      changed: Partial<CommandResultsBody['result']> = {},
    ): Promise<CommandResultsBody> {
      const body = resultOf(id, { agent_id: signing, ...said });
      const { error, ...result } = body.result;
      const sig = by && (await signResult(by.privateKey, { ...result, ...(error && { error }) }));
      return { ...body, result: { ...body.result, ...(sig !== undefined && { sig }), ...changed } };
    }
    const command = () => queuedCommand('create_panel_user', signing);
    const verdicts = async (id: string) => {
      const { rows } = await sql<{ signature: string; believed: boolean }>`
        select signature, believed from viw.agent_command_results where correlation_id = ${id} order by id`.execute(
        db,
      );
      return rows;
    };
    const alerts = async (): Promise<AlertsBody[]> =>
      (await client.xrange(streams.alerts, '-', '+')).map(
        ([, fields]) => JSON.parse(fields[fields.indexOf('body') + 1] ?? '') as AlertsBody,
      );
    const nothing = { rc: null, stdout: '', stderr: '' };
    const valid = { signature: 'valid', believed: true };

    it('ends a command by what the helper has signed, checked before anything is redacted', async () => {
      const id = await command();
      await producer.publish(
        commandResultsStream,
        await carried(id, helper, { stdout: 'token=abcdefabcdef' }),
      );
      await eventually(async () => expect((await statusOf(id))?.status).toBe('succeeded'));
      expect(await verdicts(id)).toEqual([valid]);
      expect((await storedResults(id))[0]?.stdout).not.toContain('abcdefabcdef');
    });

    it('keeps what is not signed by the host as evidence, ends nothing by it, and tells people', async () => {
      const [changed, foreign, stripped, pretended] = await Promise.all([
        command(),
        command(),
        command(),
        command(),
      ]);
      for (const body of [
        await carried(changed, helper, { status: 'error', rc: 1 }, { status: 'success', rc: 0 }),
        await carried(foreign, stranger),
        await carried(stripped, undefined),
        // A stolen agent has a key of its own, but has not done the work.
        await carried(pretended, agent),
      ])
        await producer.publish(commandResultsStream, body);
      await eventually(async () => expect(await verdicts(pretended)).toHaveLength(1));
      const disbelieved = (signature: string) => [{ signature, believed: false }];
      expect(await verdicts(changed)).toEqual(disbelieved('invalid'));
      expect(await verdicts(foreign)).toEqual(disbelieved('unknown_key'));
      expect(await verdicts(stripped)).toEqual(disbelieved('unsigned'));
      expect(await verdicts(pretended)).toEqual(disbelieved('invalid'));
      for (const id of [changed, foreign, stripped, pretended])
        expect((await statusOf(id))?.status).toBe('queued');
      await eventually(async () =>
        expect((await alerts()).map(({ dedupe_key, severity }) => [dedupe_key, severity])).toEqual([
          [`result-signature:${signing}`, 'critical'],
        ]),
      );
      // The genuine one, which comes after all, counts.
      await producer.publish(
        commandResultsStream,
        await carried(changed, helper, { status: 'error', rc: 1 }),
      );
      await eventually(async () => expect((await statusOf(changed))?.status).toBe('failed'));
      expect(await verdicts(changed)).toEqual([...disbelieved('invalid'), valid]);
    });

    it('believes the agent what it says in the helper’s place, signed or not', async () => {
      const [signed, unsigned] = await Promise.all([command(), command()]);
      await producer.publish(
        commandResultsStream,
        await carried(signed, agent, { ...nothing, status: 'unknown' }),
      );
      await producer.publish(
        commandResultsStream,
        await carried(unsigned, undefined, { ...nothing, status: 'denied' }),
      );
      await eventually(async () => expect((await statusOf(signed))?.status).toBe('unknown'));
      await eventually(async () => expect((await statusOf(unsigned))?.status).toBe('denied'));
      expect(await verdicts(signed)).toEqual([valid]);
    });

    it('believes a replaced key for what was under way, and a revoked one within seconds nothing any more', async () => {
      const next = await generateSigningKey();
      await register('signing', next);
      const before = await command();
      await producer.publish(commandResultsStream, await carried(before, helper));
      await eventually(async () => expect((await statusOf(before))?.status).toBe('succeeded'));
      await new GatewayCredentialRepository({ db }).revokeAll(signing);
      const revokedAt = Date.now();
      await eventually(
        async () => {
          const id = await command();
          await producer.publish(commandResultsStream, await carried(id, next));
          await eventually(async () => expect(await verdicts(id)).toHaveLength(1));
          expect(await verdicts(id)).toEqual([{ signature: 'unknown_key', believed: false }]);
        },
        { timeoutMs: 10_000, everyMs: 200 },
      );
      expect(Date.now() - revokedAt).toBeLessThan(6_000);
    });
  });

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

import { randomUUID } from 'node:crypto';
import { commandResultsStream } from '@viw/contracts';
import type { CommandResultsBody } from '@viw/contracts';
import { type Db, createDatabase, createServiceLogin, migrate } from '@viw/database';
import { Lifecycle, createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { startRedis, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { buildResultsWriter } from '../src/build';
import { completeConfig, configSource } from '../src/config';

const logger = createLogger({ service: 'results-writer-test', level: 'fatal' });

/** The writer as `main.ts` builds it, with the account that it has in production, and one gateway. */
export class WriterStage {
  readonly #ends: (() => unknown)[] = [];
  db!: Db;
  client!: RedisClient;
  producer!: StreamProducer;

  constructor(readonly agentId: string) {}

  /** With the rights of the writer. */
  accountUrl!: string;
  #running: Lifecycle | undefined;

  /** @param before what is done to the database before the writer starts */
  async start({ before }: { readonly before?: () => Promise<void> } = {}): Promise<void> {
    const redis = await startRedis();
    const { url: ownerUrl } = await uniqueDatabase();
    this.db = createDatabase({ url: ownerUrl, applicationName: 'test', max: 2 });
    await migrate(this.db);
    const url = new URL(ownerUrl);
    url.username = `results_${randomUUID().slice(0, 8)}`;
    url.password = randomUUID();
    await createServiceLogin(this.db, 'viw_results_writer', url.username, url.password);
    this.accountUrl = url.toString();
    this.client = createRedis(redis.url, { role: 'command', name: 'test' });
    await waitUntilReady(this.client);
    this.producer = new StreamProducer({}, { redis: this.client, logger });
    this.producer.start();
    await this.registerGateway(this.agentId);
    const values = configSource.schema.parse({
      RESULTS_WRITER_ENABLED: 'true',
      RESULTS_WRITER_OPS_BIND: '127.0.0.1:0',
      RESULTS_WRITER_REDIS_URL: redis.url,
      RESULTS_WRITER_DATABASE_URL: this.accountUrl,
      RESULTS_WRITER_CONSUMER: 'test-1',
    });
    this.#running = new Lifecycle(
      { components: buildResultsWriter(completeConfig(values), { logger }) },
      { logger },
    );
    this.#ends.push(
      () => this.stopWriter(),
      () => this.producer.stop(),
      () => this.client.disconnect(),
      () => this.db.destroy(),
      () => redis.stop(),
    );
    await before?.();
    await this.#running.start();
  }

  async stopWriter(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }

  async registerGateway(agentId: string): Promise<void> {
    await sql`insert into viw.os_gateways (agent_id, state) values (${agentId}, 'expected')`.execute(this.db);
  }

  /** A command as the backend leaves it after the relay has published it. */
  async queuedCommand(verb = 'create_panel_user', agentId = this.agentId): Promise<string> {
    const id = randomUUID();
    await sql`insert into viw.agent_commands
      (correlation_id, agent_id, verb, parameters_redacted, jws, status, issued_by_kind, issued_by_id, issued_by_name,
       accepted_at, expires_at, timeout_s, queued_at)
      values (${id}, ${agentId}, ${verb}, '{}', 'x.y.z', 'queued', 'administrator', 'a-1', 'admin@example.org',
       now(), now() + interval '1 minute', 30, now())`.execute(this.db);
    return id;
  }

  resultOf(correlationId: string, more: Partial<CommandResultsBody['result']> = {}): CommandResultsBody {
    return {
      hub: 'hub-1',
      session_id: 's-1',
      epoch: 1,
      received_at: new Date().toISOString(),
      result: {
        result_id: randomUUID(),
        correlation_id: correlationId,
        agent_id: this.agentId,
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
    };
  }

  publish(body: CommandResultsBody): Promise<unknown> {
    return this.producer.publish(commandResultsStream, body);
  }

  async statusOf(correlationId: string) {
    const { rows } = await sql<{ status: string; reason: string | null }>`
      select status, reason from viw.agent_commands where correlation_id = ${correlationId}`.execute(this.db);
    return rows[0];
  }

  async storedResults(correlationId: string) {
    const { rows } = await sql<{ stdout: string; late: boolean }>`
      select stdout, late from viw.agent_command_results where correlation_id = ${correlationId} order by id`.execute(
      this.db,
    );
    return rows;
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamName } from '@viw/contracts';
import { type Db, createDatabase, migrate } from '@viw/database';
import type { WriterService } from '@viw/programs';
import { createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { type Program, type Redis, eventually, startProgram, startRedis, uniqueDatabase } from '@viw/testing';
import { build, stop as stopEsbuild } from 'esbuild';
import { FaultProxy } from '../src/faults/fault-proxy';
import { auditDeadLetters } from '../src/ledger/dead-letter-ledger';
import type { Mutant, Step } from '../src/mutants/handlers';
import { groupOf } from '../src/streams/scenario';
import { readDeadLetters, unfinished } from '../src/world/stream-state';

/** One Redis and the bundled mutants, for all tests of a file. */
export interface Workshop {
  readonly server: Redis;
  readonly bundle: string;
  stop(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const [server, folder] = await Promise.all([startRedis(), mkdtemp(join(tmpdir(), 'viw-mutants-'))]);
  const bundle = join(folder, 'mutant-writer.js');
  await build({
    entryPoints: [join(__dirname, '../src/mutants/mutant-writer.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'silent',
  });
  // Its service process would stay until jest ends.
  await stopEsbuild();
  return {
    server,
    bundle,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const logger = createLogger({ service: 'mutants-test', level: 'silent' });

/** One scenario: a database of its own behind a proxy, an empty Redis, and writers that die at an exact instruction. */
export class Stage {
  readonly #service: WriterService;
  readonly #streams: readonly StreamName[];
  readonly #workshop: Workshop;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #databaseUrl = '';
  db!: Db;
  client!: RedisClient;
  producer!: StreamProducer;
  postgres!: FaultProxy;

  constructor(
    options: { readonly service: WriterService; readonly streams: readonly StreamName[] },
    workshop: Workshop,
  ) {
    this.#service = options.service;
    this.#streams = options.streams;
    this.#workshop = workshop;
  }

  async open(): Promise<this> {
    const { url } = await uniqueDatabase();
    this.db = createDatabase({ url, applicationName: 'mutants-test', max: 2 });
    this.#undo.push(() => this.db.destroy());
    await migrate(this.db);
    this.postgres = await FaultProxy.start(Number(new URL(url).port));
    this.#undo.push(() => this.postgres.stop());
    this.#databaseUrl = this.postgres.through(url);
    this.client = createRedis(this.#workshop.server.url, { role: 'command', name: 'mutants-test' });
    this.#undo.push(async () => this.client.disconnect());
    await waitUntilReady(this.client);
    await this.client.flushall();
    this.producer = new StreamProducer({}, { redis: this.client, logger });
    this.producer.start();
    this.#undo.push(() => this.producer.stop());
    return this;
  }

  async close(): Promise<void> {
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) await step();
  }

  async writer(mutant: Mutant, dieAfter?: Step): Promise<Program> {
    const { server, bundle } = this.#workshop;
    const args = [server.url, this.#databaseUrl, ...(dieAfter === undefined ? [] : [dieAfter])];
    const program = await startProgram({
      name: `mutant ${mutant}`,
      argv: [process.execPath, bundle, this.#service, mutant, ...args],
    });
    this.#undo.push(() => program.kill());
    return program;
  }

  /** Dies after the step while it holds a batch, then is started again without that. */
  async dyingWriter(mutant: Mutant, dieAfter: Step): Promise<void> {
    const { signal } = await (await this.writer(mutant, dieAfter)).exited;
    expect(signal).toBe('SIGKILL');
    await this.writer(mutant);
  }

  /** Cut off from Postgres until the writer has met the outage and `until` holds. */
  async outage(mutant: Mutant, until: (program: Program) => Promise<void>): Promise<void> {
    this.postgres.begin('refuse');
    await until(await this.writer(mutant));
    this.postgres.heal();
  }

  /** An outage that an honest writer notices and waits out. */
  survivedOutage(): Promise<void> {
    return this.outage('honest', (program) =>
      eventually(() => expect(program.output()).toContain('stream_batch_retried')),
    );
  }

  /** An outage that makes a writer set everything aside: were it over sooner, later frames could cover what is lost. */
  fatalOutage(): Promise<void> {
    return this.outage('dead-letter-on-outage', () => this.#streamsEnd());
  }

  /** When nothing is unread and nothing pending, whatever is missing then is missing for good. */
  async readUp(): Promise<{ unplanted: number }> {
    await this.#streamsEnd();
    return auditDeadLetters([], await readDeadLetters(this.client, this.#streams));
  }

  #streamsEnd(): Promise<void> {
    return eventually(
      async () =>
        expect(await unfinished(this.client, this.#streams, groupOf)).toMatchObject({
          pending: 0,
          unread: 0,
        }),
      { what: 'the end of the streams' },
    );
  }
}

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResultsBody } from '@viw/contracts';
import { commandResultsStream, groups, streams } from '@viw/contracts';
import { type Db, createDatabase, migrate } from '@viw/database';
import { createLogger } from '@viw/runtime';
import { type Redis as RedisClient, StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import { type Program, type Redis, eventually, startProgram, startRedis, uniqueDatabase } from '@viw/testing';
import { build, stop as stopEsbuild } from 'esbuild';
import { FaultProxy } from '../src/faults/fault-proxy';
import { auditDeadLetters } from '../src/ledger/dead-letter-ledger';
import { type Findings, isClean } from '../src/ledger/findings';
import type { SentResult } from '../src/ledger/results-ledger';
import { auditResults } from '../src/ledger/results-ledger';
import { insertQueuedCommands, readStoredResults } from '../src/load/results-evidence';
import type { Mutant, Step } from '../src/mutants/results-mutants';
import { readDeadLetters, unfinished } from '../src/world/stream-state';

/**
 * The checker is checked: the writer with one protective measure left out must be found out, and the same scenario with
 * the honest writer must pass. Each death happens at an exact instruction, never by luck.
 */
let server: Redis;
let folder: string;
const logger = createLogger({ service: 'mutants-test', level: 'silent' });

beforeAll(async () => {
  server = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'viw-mutants-'));
  await build({
    entryPoints: [join(__dirname, '../src/mutants/mutant-writer.ts')],
    outfile: join(folder, 'mutant-writer.js'),
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'silent',
  });
  // Its service process would stay until jest ends.
  await stopEsbuild();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const COUNT = 300;

/** One scenario's own database, commands and books. */
class Stage {
  readonly #commands = new Map<string, string>();
  readonly #sent: SentResult[] = [];
  readonly #undo: (() => Promise<unknown>)[] = [];
  #databaseUrl = '';
  db!: Db;
  client!: RedisClient;
  postgres!: FaultProxy;

  async open(): Promise<this> {
    const { url } = await uniqueDatabase();
    this.db = createDatabase({ url, applicationName: 'mutants-test', max: 2 });
    this.#undo.push(() => this.db.destroy());
    await migrate(this.db);
    this.postgres = await FaultProxy.start(Number(new URL(url).port));
    this.#undo.push(() => this.postgres.stop());
    this.#databaseUrl = this.postgres.through(url);
    this.client = createRedis(server.url, { role: 'command', name: 'mutants-test' });
    this.#undo.push(async () => this.client.disconnect());
    await waitUntilReady(this.client);
    await this.client.flushall();
    for (let n = 0; n < COUNT; n++) this.#commands.set(randomUUID(), 'gw-mutants');
    await insertQueuedCommands(this.db, this.#commands);
    return this;
  }

  async close(): Promise<void> {
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) await step();
  }

  /** One result per command, all acknowledged by Redis when it resolves. @param maxlen the plain trimming under test */
  async publish(maxlen?: number): Promise<void> {
    const producer = new StreamProducer({}, { redis: this.client, logger });
    producer.start();
    await Promise.all(
      [...this.#commands].map(async ([correlation_id, agent_id]) => {
        const sent: SentResult = {
          ...{ result_id: randomUUID(), correlation_id, agent_id, status: 'success' },
          ...{ evidence: `effect ${randomUUID()}`, acknowledged: false },
        };
        this.#sent.push(sent);
        await producer.publish(commandResultsStream, bodyOf(sent), maxlen === undefined ? {} : { maxlen });
        sent.acknowledged = true;
      }),
    );
    await producer.stop();
  }

  async writer(mutant: Mutant, dieAfter?: Step): Promise<Program> {
    const args = [mutant, server.url, this.#databaseUrl, ...(dieAfter === undefined ? [] : [dieAfter])];
    const program = await startProgram({
      name: `mutant ${mutant}`,
      argv: [process.execPath, join(folder, 'mutant-writer.js'), ...args],
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

  /** When nothing is unread and nothing pending, whatever is missing then is missing for good. */
  async findings(): Promise<Findings & { unplanted: number }> {
    await eventually(
      async () => {
        const state = await unfinished(this.client, [streams.commandResults], () => groups.resultsWriter);
        expect(state).toMatchObject({ pending: 0, unread: 0 });
      },
      { timeoutMs: 20_000, what: 'the end of the stream' },
    );
    const books = { commands: this.#commands, results: this.#sent, events: [] };
    const dead = auditDeadLetters([], await readDeadLetters(this.client, [streams.commandResults]));
    return { ...auditResults(books, await readStoredResults(this.db)), unplanted: dead.unplanted };
  }

  /** Cut off from Postgres until the writer has met the outage and `until` holds. */
  async outage(mutant: Mutant, until: (program: Program) => Promise<void>): Promise<void> {
    this.postgres.begin('refuse');
    await until(await this.writer(mutant));
    this.postgres.heal();
  }
}

function bodyOf({ acknowledged: _, evidence, ...facts }: SentResult): CommandResultsBody {
  const now = new Date().toISOString();
  const rest = {
    verb: 'list_containers',
    rc: 0,
    stdout: evidence,
    stderr: '',
    truncated: false,
    duration_ms: 1,
  };
  return {
    ...{ hub: 'hub-1', session_id: 's-1', epoch: 1, received_at: now },
    result: { ...facts, ...rest, started_at: now, finished_at: now },
  };
}

let stage: Stage;
beforeEach(async () => {
  stage = await new Stage().open();
}, 30_000);
afterEach(() => stage.close());

describe('dying with a batch in hand', () => {
  it('costs an honest writer nothing', async () => {
    await stage.publish();
    await stage.dyingWriter('honest', 'committed');
    const findings = await stage.findings();
    expect(findings).toMatchObject({ promised: COUNT, unplanted: 0, examples: [] });
    expect(isClean(findings)).toBe(true);
  });

  it('shows that a writer acknowledges before it commits: results are lost', async () => {
    await stage.publish();
    await stage.dyingWriter('ack-before-commit', 'acknowledged');
    // A result lost and its command left open, for each of the first batch.
    expect((await stage.findings()).lost).toBeGreaterThanOrEqual(2);
  });

  it('shows that a writer has no dedupe key: results are stored twice', async () => {
    await stage.publish();
    await stage.dyingWriter('no-dedupe-key', 'committed');
    expect((await stage.findings()).duplicated).toBeGreaterThan(0);
  });
});

describe('a backlog', () => {
  it('is read up by an honest writer from an untrimmed stream', async () => {
    await stage.publish();
    await stage.writer('honest');
    expect(isClean(await stage.findings())).toBe(true);
  });

  it('shows that the stream is cut by plain MAXLEN: results are lost', async () => {
    await stage.publish(100);
    await stage.writer('honest');
    expect((await stage.findings()).lost).toBeGreaterThan(0);
  });
});

describe('an outage of Postgres', () => {
  it('is waited out by an honest writer: nothing is set aside', async () => {
    await stage.publish();
    await stage.outage('honest', (program) =>
      eventually(() => expect(program.output()).toContain('stream_batch_retried')),
    );
    const findings = await stage.findings();
    expect(findings.unplanted).toBe(0);
    expect(isClean(findings)).toBe(true);
  });

  it('shows that a writer dead-letters what it cannot store: results are lost, unplanted dead letters', async () => {
    await stage.publish();
    await stage.outage('dead-letter-on-outage', () =>
      eventually(async () =>
        expect(await stage.client.xlen(`${streams.commandResults}.dead`)).toBeGreaterThan(0),
      ),
    );
    const findings = await stage.findings();
    expect(findings.unplanted).toBeGreaterThan(0);
    expect(findings.lost).toBeGreaterThan(0);
  });
});

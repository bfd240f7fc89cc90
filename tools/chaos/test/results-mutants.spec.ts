import { randomUUID } from 'node:crypto';
import type { CommandResultsBody } from '@viw/contracts';
import { commandResultsStream, streams } from '@viw/contracts';
import { type Findings, isClean } from '../src/ledger/findings';
import type { SentResult } from '../src/ledger/results-ledger';
import { auditResults } from '../src/ledger/results-ledger';
import { insertQueuedCommands, readStoredResults } from '../src/streams/load/results-evidence';
import { Stage, type Workshop, openWorkshop } from './mutant-stage';

/**
 * The checker is checked: the writer with one protective measure left out must be found out, and the same scenario with
 * the honest writer must pass. Each death happens at an exact instruction, never by luck.
 */
let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
}, 60_000);
afterAll(() => workshop?.stop());

const COUNT = 300;

class ResultsStage extends Stage {
  readonly #commands = new Map<string, string>();
  readonly #sent: SentResult[] = [];

  constructor() {
    super({ service: 'results-writer', streams: [streams.commandResults] }, workshop);
  }

  /** One result per command, all acknowledged by Redis when it resolves. @param maxlen the plain trimming under test */
  async publish(maxlen?: number): Promise<void> {
    for (let n = 0; n < COUNT; n++) this.#commands.set(randomUUID(), 'gw-mutants');
    await insertQueuedCommands(this.db, this.#commands);
    await Promise.all(
      [...this.#commands].map(async ([correlation_id, agent_id]) => {
        const sent: SentResult = {
          result_id: randomUUID(),
          correlation_id,
          agent_id,
          status: 'success',
          evidence: `effect ${randomUUID()}`,
          acknowledged: false,
        };
        this.#sent.push(sent);
        const trim = maxlen === undefined ? {} : { maxlen };
        await this.producer.publish(commandResultsStream, bodyOf(sent), trim);
        sent.acknowledged = true;
      }),
    );
  }

  async findings(): Promise<Findings & { unplanted: number }> {
    const { unplanted } = await this.readUp();
    const books = { commands: this.#commands, results: this.#sent, events: [] };
    return { ...auditResults(books, await readStoredResults(this.db)), unplanted };
  }
}

function bodyOf({ acknowledged: _, evidence, ...facts }: SentResult): CommandResultsBody {
  const now = new Date().toISOString();
  const outcome = { verb: 'list_containers', rc: 0, stdout: evidence, stderr: '', truncated: false };
  return {
    hub: 'hub-1',
    session_id: 's-1',
    epoch: 1,
    received_at: now,
    result: { ...facts, ...outcome, duration_ms: 1, started_at: now, finished_at: now },
  };
}

let stage: ResultsStage;
beforeEach(async () => {
  stage = await new ResultsStage().open();
});
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
    await stage.survivedOutage();
    const findings = await stage.findings();
    expect(findings.unplanted).toBe(0);
    expect(isClean(findings)).toBe(true);
  });

  it('shows that a writer dead-letters what it cannot store: results are lost, unplanted dead letters', async () => {
    await stage.publish();
    await stage.fatalOutage();
    const findings = await stage.findings();
    expect(findings.unplanted).toBeGreaterThan(0);
    expect(findings.lost).toBeGreaterThan(0);
  });
});

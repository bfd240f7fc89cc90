import { agentEventsStream, groups, streams, telemetryStream } from '@viw/contracts';
import type { TelemetryPoint } from '@viw/contracts';
import { type SentAgentEvent, auditAgentEvents } from '../src/ledger/agent-event-ledger';
import { type Findings, isClean } from '../src/ledger/findings';
import { type SentFrame, auditTelemetry } from '../src/ledger/telemetry-ledger';
import { agentEventBody, newAgentEvent } from '../src/streams/load/agent-events-load';
import { readStoredEvents, readStoredTelemetry } from '../src/streams/load/telemetry-evidence';
import { Stage, type Workshop, openWorkshop } from './mutant-stage';

/** As for results: what the telemetry-writer must not lack, left out, and found out by the ledger. */
let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
}, 60_000);
afterAll(() => workshop?.stop());

const AGENTS = 15;
/** Entries; each holds a frame of every agent, half a minute after the one before. */
const ENTRIES = 300;
const FRAME_EVERY_MS = 30_000;
const MINUTE_MS = 60_000;
const hub = 'hub-mutants';

class TelemetryStage extends Stage {
  readonly #frames: SentFrame[] = [];
  readonly #events: SentAgentEvent[] = [];
  readonly #begin = Date.now() - ENTRIES * FRAME_EVERY_MS;

  constructor() {
    super({ service: 'telemetry-writer', streams: [streams.telemetry, streams.agentEvents] }, workshop);
  }

  /** All acknowledged by Redis when it resolves. @param maxlen the plain trimming under test */
  async publishFrames({ maxlen, entries = ENTRIES }: { maxlen?: number; entries?: number } = {}) {
    const first = this.#frames.length / AGENTS + 1;
    await Promise.all(
      Array.from({ length: entries }, async (_, nth) => {
        const sent = Array.from({ length: AGENTS }, (__, n) => this.#frame(`gw-mutants-${n}`, first + nth));
        this.#frames.push(...sent.map(({ frame }) => frame));
        const body = { hub, frames: sent.map(({ point }) => point) };
        await this.producer.publish(telemetryStream, body, maxlen === undefined ? {} : { maxlen });
        for (const { frame } of sent) frame.acknowledged = true;
      }),
    );
  }

  async publishEvents(): Promise<void> {
    await Promise.all(
      Array.from({ length: ENTRIES }, async (_, n) => {
        const event = newAgentEvent(`gw-mutants-${n % AGENTS}`);
        this.#events.push(event);
        await this.producer.publish(agentEventsStream, agentEventBody(event));
        event.acknowledged = true;
      }),
    );
  }

  /** A consumer of the group that has taken what there is and will never be heard of again. */
  async takeAndDie(): Promise<void> {
    const group = groups.telemetryWriter;
    await this.client.xgroup('CREATE', streams.telemetry, group, '0');
    await this.client.xreadgroup('GROUP', group, 'dead', 'COUNT', ENTRIES, 'STREAMS', streams.telemetry, '>');
  }

  async findings(): Promise<{ telemetry: Findings; events: Findings; unplanted: number }> {
    const { unplanted } = await this.readUp();
    const stored = await readStoredTelemetry(this.db, 'gw-mutants-');
    // Of telemetry alone: HELLO and sessions have streams of their own.
    const telemetry = { ...stored, sessions: [], gateways: [] };
    return {
      telemetry: auditTelemetry({ frames: this.#frames, sessions: new Map() }, telemetry),
      events: auditAgentEvents(this.#events, await readStoredEvents(this.db)),
      unplanted,
    };
  }

  #frame(agent_id: string, seq: number): { frame: SentFrame; point: TelemetryPoint } {
    const at = new Date(this.#begin + seq * FRAME_EVERY_MS);
    const facts = { agent_id, epoch: 1, seq };
    const cpu_pct = (seq % 1_000) / 10;
    const bucket = new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS).toISOString();
    const times = { ts: at.toISOString(), received_at: at.toISOString() };
    return {
      frame: { ...facts, cpu_pct, bucket, acknowledged: false },
      point: { ...facts, session_id: 's-mutants', ...times, metrics: { cpu_pct } },
    };
  }
}

let stage: TelemetryStage;
beforeEach(async () => {
  stage = await new TelemetryStage().open();
});
afterEach(() => stage.close());

async function expectClean(): Promise<void> {
  const { telemetry, events, unplanted } = await stage.findings();
  expect([...telemetry.examples, ...events.examples]).toEqual([]);
  expect(isClean(telemetry) && isClean(events)).toBe(true);
  expect(unplanted).toBe(0);
  expect(telemetry.promised + events.promised).toBeGreaterThan(AGENTS);
}

describe('dying with a batch in hand', () => {
  it('costs an honest writer nothing', async () => {
    await Promise.all([stage.publishFrames(), stage.publishEvents()]);
    await stage.dyingWriter('honest', 'committed');
    await expectClean();
  });

  it('shows that a writer acknowledges before it commits: minutes without a point', async () => {
    await stage.publishFrames();
    await stage.dyingWriter('ack-before-commit', 'acknowledged');
    expect((await stage.findings()).telemetry.lost).toBeGreaterThan(0);
  });

  it('shows that a writer has no dedupe key: events are stored twice', async () => {
    await stage.publishEvents();
    await stage.dyingWriter('no-dedupe-key', 'committed');
    expect((await stage.findings()).events.duplicated).toBeGreaterThan(0);
  });
});

describe('old frames that come after newer ones, from a consumer that died with them', () => {
  beforeEach(async () => {
    await stage.publishFrames({ entries: 3 });
    await stage.takeAndDie();
    await stage.publishFrames({ entries: 2 });
  });

  it('change nothing with an honest writer', async () => {
    await stage.writer('honest');
    await expectClean();
  });

  it('show that a writer has no order guard: the state went back', async () => {
    await stage.writer('no-order-guard');
    expect((await stage.findings()).telemetry.lost).toBeGreaterThanOrEqual(AGENTS);
  });
});

describe('a backlog', () => {
  it('shows that the stream is cut by plain MAXLEN: minutes without a point', async () => {
    await stage.publishFrames({ maxlen: 100 });
    await stage.writer('honest');
    expect((await stage.findings()).telemetry.lost).toBeGreaterThan(0);
  });
});

describe('an outage of Postgres', () => {
  it('is waited out by an honest writer: nothing is set aside', async () => {
    await stage.publishFrames();
    await stage.survivedOutage();
    await expectClean();
  });

  it('shows that a writer dead-letters what it cannot store: frames lost, unplanted dead letters', async () => {
    await stage.publishFrames();
    await stage.fatalOutage();
    const { telemetry, unplanted } = await stage.findings();
    expect(unplanted).toBeGreaterThan(0);
    expect(telemetry.lost).toBeGreaterThan(0);
  });
});

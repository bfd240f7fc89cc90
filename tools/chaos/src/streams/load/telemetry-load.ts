import { randomUUID } from 'node:crypto';
import type { TelemetryPoint } from '@viw/contracts';
import { agentHelloStream, agentSessionsStream, streams, telemetryStream } from '@viw/contracts';
import type { Chance } from '../../chance';
import type { Findings } from '../../ledger/findings';
import type { Observation, SentFrame, SentSession } from '../../ledger/telemetry-ledger';
import { auditTelemetry } from '../../ledger/telemetry-ledger';
import type { Published } from '../../ledger/stream-ledger';
import type { AuditedEntry } from '../../world/auditing-group';
import { openLoop } from '../../open-loop';
import { type Load, Publishes } from './load';
import type { LoadDeps } from './results-load';
import { readStatuses, readStoredTelemetry } from './telemetry-evidence';

export interface TelemetryLoadOptions {
  readonly agents: number;
  /** Entries of the hub per second; each holds a frame of about every third agent. */
  readonly entriesPerSecond: number;
}

interface Agent {
  readonly agent_id: string;
  session: SentSession;
  seq: number;
  /** By this clock the hub receives the agent's frames, every 30 s; it runs faster than ours. Milliseconds. */
  clock: number;
}

const FIRST_EPOCH = 1_795_000_000_000;
const FRAME_EVERY_MS = 30_000;
const MINUTE_MS = 60_000;
/** Far enough back that the load does not reach the future. */
const BEGIN_AGO_MS = 12 * 3_600_000;
const OBSERVE_EVERY_MS = 300;
const hub = 'hub-chaos';
const AGENT_PREFIX = 'gw-chaos-';

/** Agents that say HELLO, send telemetry and reconnect now and then, as one hub writes it into the streams. */
export class TelemetryLoad implements Load {
  readonly streams = [streams.agentHello, streams.agentSessions, streams.telemetry];
  readonly auditedStreams = this.streams;
  readonly #options: TelemetryLoadOptions;
  readonly #deps: LoadDeps;
  readonly #chance: Chance;
  readonly #publishes = new Publishes();
  readonly #frames: SentFrame[] = [];
  readonly #sessions = new Map<string, SentSession>();
  readonly #agents: Agent[] = [];
  readonly #observations: Observation[] = [];

  constructor(options: TelemetryLoadOptions, deps: LoadDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#chance = deps.chance;
  }

  get sent(): number {
    return this.#publishes.sent;
  }

  get acknowledged(): number {
    return this.#publishes.acknowledged;
  }

  async prepare(): Promise<void> {
    const clock = Date.now() - BEGIN_AGO_MS;
    for (let n = 0; n < this.#options.agents; n++) {
      const agent_id = `${AGENT_PREFIX}${n}`;
      this.#agents.push({ agent_id, session: this.#connect(agent_id, FIRST_EPOCH, clock), seq: 0, clock });
    }
  }

  async run(windowMs: number): Promise<void> {
    const observing = setInterval(() => void this.#observe(), OBSERVE_EVERY_MS);
    try {
      await openLoop(this.#options.entriesPerSecond, windowMs, () => this.#entry());
    } finally {
      clearInterval(observing);
    }
  }

  settled(): Promise<void> {
    return this.#publishes.settled();
  }

  get published(): Published {
    return this.#publishes.all;
  }

  expects(): boolean {
    return false;
  }

  witness(entries: readonly AuditedEntry[]): void {
    this.#publishes.witness(entries);
  }

  async audit(): Promise<Findings> {
    const books = { frames: this.#frames, sessions: this.#sessions };
    return auditTelemetry(books, await readStoredTelemetry(this.#deps.db, AGENT_PREFIX), this.#observations);
  }

  #observing = false;
  /** One after the other, so that what was read later is also noted later. */
  async #observe(): Promise<void> {
    if (this.#observing) return;
    this.#observing = true;
    try {
      this.#observations.push(...(await readStatuses(this.#deps.db, AGENT_PREFIX)));
    } catch {
      // Postgres is away: that is what this is about.
    } finally {
      this.#observing = false;
    }
  }

  #entry(): void {
    const sent: SentFrame[] = [];
    const frames: TelemetryPoint[] = [];
    for (const agent of this.#agents) {
      if (this.#chance.next() < 0.005) this.#reconnect(agent);
      if (this.#chance.next() < 0.35) {
        const { frame, point } = this.#frame(agent);
        sent.push(frame);
        frames.push(point);
      }
    }
    if (frames.length === 0) return;
    this.#frames.push(...sent);
    this.#publishes.track(
      (eventId) =>
        this.#deps.producer.publish(telemetryStream, { hub, frames }, { eventId, priority: 'telemetry' }),
      () => {
        for (const frame of sent) frame.acknowledged = true;
      },
    );
  }

  #frame(agent: Agent): { frame: SentFrame; point: TelemetryPoint } {
    agent.seq += 1;
    agent.clock += FRAME_EVERY_MS;
    const { agent_id, seq, session } = agent;
    const at = new Date(agent.clock).toISOString();
    const facts = { agent_id, epoch: session.epoch, seq };
    const cpu_pct = this.#chance.int(0, 1_000) / 10;
    const bucket = new Date(Math.floor(agent.clock / MINUTE_MS) * MINUTE_MS).toISOString();
    return {
      frame: { ...facts, cpu_pct, bucket, acknowledged: false },
      point: { ...facts, session_id: session.session_id, ts: at, received_at: at, metrics: { cpu_pct } },
    };
  }

  #reconnect(agent: Agent): void {
    const { session, agent_id } = agent;
    session.disconnected = 'sent';
    const end = {
      kind: 'disconnected' as const,
      ...connection(session, agent.clock),
      reason: 'error' as const,
      code: 1006,
    };
    this.#publishes.track(
      (eventId) => this.#deps.producer.publish(agentSessionsStream, end, { eventId }),
      () => (session.disconnected = 'acknowledged'),
    );
    agent.session = this.#connect(agent_id, session.epoch + 1, agent.clock);
    agent.seq = 0;
  }

  #connect(agent_id: string, epoch: number, clock: number): SentSession {
    const session: SentSession = {
      session_id: randomUUID(),
      agent_id,
      epoch,
      hello: false,
      connected: false,
      disconnected: 'no',
    };
    this.#sessions.set(session.session_id, session);
    const { producer } = this.#deps;
    const { session_id } = session;
    const hello = {
      hub,
      session_id,
      epoch,
      received_at: new Date(clock).toISOString(),
      ip: '192.0.2.7',
      hello: { agent_id, version: '1.4.0', capabilities: ['telemetry'] },
    };
    this.#publishes.track(
      (eventId) => producer.publish(agentHelloStream, hello, { eventId }),
      () => (session.hello = true),
    );
    const start = { kind: 'connected' as const, ...connection(session, clock) };
    this.#publishes.track(
      (eventId) => producer.publish(agentSessionsStream, start, { eventId }),
      () => (session.connected = true),
    );
    return session;
  }
}

function connection({ session_id, agent_id, epoch }: SentSession, clock: number) {
  return {
    hub,
    session_id,
    epoch,
    agent_id,
    conn_id: session_id,
    ip: '192.0.2.7',
    at: new Date(clock).toISOString(),
  };
}

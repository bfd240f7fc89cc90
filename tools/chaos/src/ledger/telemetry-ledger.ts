import type { Findings } from './findings';
import { Tally } from './findings';

interface Frame {
  readonly agent_id: string;
  readonly epoch: number;
  readonly seq: number;
  /** Unlike the sent frame's, a stored one's tells whether anything was altered. */
  readonly cpu_pct: number | null;
}

export interface SentFrame extends Frame {
  /** Start of the minute in which the hub received it, ISO 8601. */
  readonly bucket: string;
  acknowledged: boolean;
}

export interface SentSession {
  readonly session_id: string;
  readonly agent_id: string;
  readonly epoch: number;
  hello: boolean;
  connected: boolean;
  disconnected: 'no' | 'sent' | 'acknowledged';
}

export interface TelemetryBooks {
  readonly frames: readonly SentFrame[];
  /** By session id; `hello` and `connected` say whether Redis has confirmed them. */
  readonly sessions: ReadonlyMap<string, SentSession>;
}

export interface StoredTelemetry {
  readonly statuses: readonly Frame[];
  readonly points: readonly (Frame & { readonly bucket: string })[];
  readonly sessions: readonly { session_id: string; agent_id: string; disconnected: boolean }[];
  readonly gateways: readonly { agent_id: string; hello_epoch: number }[];
}

/** Stored states as they were seen one after the other while the load ran. */
export type Observation = Pick<Frame, 'agent_id' | 'epoch' | 'seq'>;

type Position = Pick<Frame, 'epoch' | 'seq'>;
const isNewer = (a: Position, b: Position): boolean =>
  a.epoch !== b.epoch ? a.epoch > b.epoch : a.seq > b.seq;

/**
 * The stored state of every agent is at least as new as its newest acknowledged frame, every minute has its point,
 * every session and HELLO its row; nothing is stored that was not sent like that; no agent ever went back.
 */
export function auditTelemetry(
  books: TelemetryBooks,
  stored: StoredTelemetry,
  observations: readonly Observation[] = [],
): Findings {
  const tally = new Tally();
  tally.stored =
    stored.statuses.length + stored.points.length + stored.sessions.length + stored.gateways.length;
  const sent = new Map(books.frames.map((frame) => [frameKey(frame), frame]));
  const acknowledged = books.frames.filter((frame) => frame.acknowledged);

  auditNewest(tally, 'status of', acknowledged, stored.statuses, (frame) => frame.agent_id);
  auditNewest(tally, 'point of', acknowledged, stored.points, (frame) => `${frame.agent_id} ${frame.bucket}`);
  for (const row of stored.statuses) {
    if (sent.get(frameKey(row))?.cpu_pct !== row.cpu_pct) tally.add('phantom', `status of ${frameKey(row)}`);
  }
  for (const row of stored.points) {
    const origin = sent.get(frameKey(row));
    if (origin?.cpu_pct !== row.cpu_pct || origin.bucket !== row.bucket)
      tally.add('phantom', `point ${row.bucket} of ${frameKey(row)}`);
  }
  auditSessions(tally, books, stored);
  auditOrder(tally, observations);
  return tally.findings();
}

const frameKey = (frame: Observation): string => `${frame.agent_id} ${frame.epoch}/${frame.seq}`;

function auditNewest<S extends Frame>(
  tally: Tally,
  what: string,
  acknowledged: readonly SentFrame[],
  stored: readonly S[],
  keyOf: (frame: S | SentFrame) => string,
): void {
  const newest = new Map<string, SentFrame>();
  for (const frame of acknowledged) {
    const known = newest.get(keyOf(frame));
    if (!known || isNewer(frame, known)) newest.set(keyOf(frame), frame);
  }
  const found = new Map<string, S>();
  for (const row of stored) {
    if (found.has(keyOf(row))) tally.add('duplicated', `${what} ${keyOf(row)}`);
    found.set(keyOf(row), row);
  }
  tally.promised += newest.size;
  for (const [key, frame] of newest) {
    const row = found.get(key);
    if (!row || isNewer(frame, row)) tally.add('lost', `${what} ${key}, frame ${frame.epoch}/${frame.seq}`);
  }
}

function auditSessions(tally: Tally, books: TelemetryBooks, stored: StoredTelemetry): void {
  const rows = new Map<string, StoredTelemetry['sessions'][number]>();
  for (const row of stored.sessions) {
    if (rows.has(row.session_id)) tally.add('duplicated', `session ${row.session_id}`);
    rows.set(row.session_id, row);
    const origin = books.sessions.get(row.session_id);
    if (origin?.agent_id !== row.agent_id || (row.disconnected && origin.disconnected === 'no'))
      tally.add('phantom', `session ${row.session_id}`);
  }
  const hellos = new Map(stored.gateways.map((row) => [row.agent_id, row.hello_epoch]));
  const greeted = new Set([...books.sessions.values()].map(({ agent_id, epoch }) => `${agent_id} ${epoch}`));
  for (const [agentId, epoch] of hellos) {
    // Below 0: the gateway is known, of its HELLO nothing has come.
    if (epoch >= 0 && !greeted.has(`${agentId} ${epoch}`))
      tally.add('phantom', `HELLO ${epoch} of ${agentId}`);
  }
  for (const session of books.sessions.values()) {
    const { session_id, agent_id, epoch } = session;
    const row = rows.get(session_id);
    if (session.connected || session.disconnected === 'acknowledged') tally.promised += 1;
    if (session.connected && !row) tally.add('lost', `session ${session_id}`);
    else if (session.disconnected === 'acknowledged' && !row?.disconnected)
      tally.add('lost', `the end of session ${session_id}`);
    if (!session.hello) continue;
    tally.promised += 1;
    if ((hellos.get(agent_id) ?? -1) < epoch) tally.add('lost', `HELLO ${epoch} of ${agent_id}`);
  }
}

function auditOrder(tally: Tally, observations: readonly Observation[]): void {
  const last = new Map<string, Observation>();
  for (const seen of observations) {
    const before = last.get(seen.agent_id);
    if (before && isNewer(before, seen))
      tally.add('disordered', `${frameKey(before)} became ${frameKey(seen)}`);
    last.set(seen.agent_id, seen);
  }
}

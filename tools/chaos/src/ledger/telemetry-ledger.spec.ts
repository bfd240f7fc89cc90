import { isClean } from './findings';
import type { SentFrame, SentSession, StoredTelemetry, TelemetryBooks } from './telemetry-ledger';
import { auditTelemetry } from './telemetry-ledger';

const minute = (n: number): string => `2026-11-21T08:0${n}:00.000Z`;
const frame = (epoch: number, seq: number, bucket: string, acknowledged = true): SentFrame => ({
  agent_id: 'gw-1',
  epoch,
  seq,
  cpu_pct: epoch * 10 + seq,
  bucket,
  acknowledged,
});
const session: SentSession = {
  session_id: 's-1',
  agent_id: 'gw-1',
  epoch: 1,
  hello: true,
  connected: true,
  disconnected: 'acknowledged',
};
const books: TelemetryBooks = {
  frames: [
    frame(1, 1, minute(0)),
    frame(1, 2, minute(0)),
    frame(2, 1, minute(1)),
    frame(2, 2, minute(2), false),
  ],
  sessions: new Map([['s-1', session]]),
};
const row = (epoch: number, seq: number) => ({ agent_id: 'gw-1', epoch, seq, cpu_pct: epoch * 10 + seq });
const point = (epoch: number, seq: number, n: number) => ({ ...row(epoch, seq), bucket: minute(n) });
const stored: StoredTelemetry = {
  statuses: [row(2, 1)],
  points: [point(1, 2, 0), point(2, 1, 1)],
  sessions: [{ session_id: 's-1', agent_id: 'gw-1', disconnected: true }],
  gateways: [{ agent_id: 'gw-1', hello_epoch: 1 }],
};

test('the newest acknowledged frames are stored: nothing to report', () => {
  expect(auditTelemetry(books, stored)).toMatchObject({ promised: 5, stored: 5, examples: [] });
});

test('a frame that was sent and not confirmed may be there', () => {
  const newer = { ...stored, statuses: [row(2, 2)], points: [...stored.points, point(2, 2, 2)] };
  expect(isClean(auditTelemetry(books, newer))).toBe(true);
});

test.each<[string, Partial<StoredTelemetry>, object]>([
  ['an older state', { statuses: [row(1, 2)] }, { lost: 1 }],
  ['no state', { statuses: [] }, { lost: 1 }],
  ['a minute without a point', { points: [point(1, 2, 0)] }, { lost: 1 }],
  ['a point of an older frame', { points: [point(1, 1, 0), point(2, 1, 1)] }, { lost: 1 }],
  ['a frame nobody sent', { statuses: [row(3, 1)] }, { phantom: 1 }],
  ['an altered frame', { statuses: [{ ...row(2, 1), cpu_pct: 99 }] }, { phantom: 1 }],
  ['a point in a wrong minute', { points: [...stored.points, point(1, 2, 5)] }, { phantom: 1 }],
  ['a second point of a minute', { points: [...stored.points, point(1, 2, 0)] }, { duplicated: 1 }],
  ['a lost session', { sessions: [] }, { lost: 1 }],
  [
    'a session nobody opened',
    { sessions: [...stored.sessions, { session_id: 's-9', agent_id: 'gw-1', disconnected: false }] },
    { phantom: 1 },
  ],
  [
    'the end of a session lost',
    { sessions: [{ session_id: 's-1', agent_id: 'gw-1', disconnected: false }] },
    { lost: 1 },
  ],
  ['a HELLO nobody said', { gateways: [{ agent_id: 'gw-1', hello_epoch: 5 }] }, { phantom: 1 }],
  ['a HELLO lost', { gateways: [] }, { lost: 1 }],
])('%s', (_name, damage, expected) => {
  const findings = auditTelemetry(books, { ...stored, ...damage });
  expect(findings).toMatchObject(expected);
  expect(isClean(findings)).toBe(false);
});

test('an agent that goes back to an older frame is noticed', () => {
  const seen = [row(1, 1), row(1, 2), row(2, 1)];
  expect(auditTelemetry(books, stored, seen)).toMatchObject({ disordered: 0 });
  expect(auditTelemetry(books, stored, [row(2, 1), row(1, 2)])).toMatchObject({ disordered: 1 });
});

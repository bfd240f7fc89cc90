import { auditStreams } from './stream-ledger';

const entry = (id: string, eventId?: string, mark?: string) => ({
  stream: 'viw.telemetry',
  id,
  eventId,
  mark,
  correlationId: undefined,
  agentId: undefined,
});
const books = {
  published: new Map([
    ['e-1', { acknowledged: true }],
    ['e-2', { acknowledged: false }],
  ]),
  planted: new Set(['m-1']),
  expects: ({ eventId }: { eventId: string | undefined }) => eventId === 'e-hub',
};

test('what was acknowledged is there; a resent entry, poison and what a hub adds are no damage', () => {
  const entries = [
    entry('1-0', 'e-1'),
    entry('2-0', 'e-1'),
    entry('3-0', 'e-hub'),
    entry('4-0', undefined, 'm-1'),
    entry('5-0', 'e-1', 'm-1'),
  ];
  expect(auditStreams(books, entries)).toEqual({ audited: 5, resent: 1, lost: 0, phantom: 0, examples: [] });
});

test.each([
  ['an acknowledged event in no stream', [], { lost: 1, phantom: 0 }],
  ['an entry nobody published', [entry('1-0', 'e-1'), entry('2-0', 'e-9')], { lost: 0, phantom: 1 }],
  ['an entry without an id', [entry('1-0', 'e-1'), entry('2-0')], { lost: 0, phantom: 1 }],
  ['an unknown mark', [entry('1-0', 'e-1'), entry('2-0', 'e-8', 'm-9')], { lost: 0, phantom: 1 }],
])('%s', (_name, entries, expected) => {
  expect(auditStreams(books, entries)).toMatchObject(expected);
});

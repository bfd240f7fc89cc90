import { type ChainBooks, auditChain } from './chain-ledger';
import { isClean } from './findings';

const row = { correlation_id: 'c-1', event_id: 'e-1', published: true };
const run = { correlationId: 'c-1', eventId: 'e-1' };
const books: ChainBooks = {
  accepted: ['c-1'],
  outbox: [row],
  published: [run, run],
  statuses: new Map([['c-1', 'succeeded']]),
};

test('published twice under one event id, or by a second row; ended once: nothing to report', () => {
  expect(auditChain(books)).toMatchObject({ promised: 2, examples: [] });
  const again = { outbox: [row, { ...row, event_id: 'e-2' }], published: [run, { ...run, eventId: 'e-2' }] };
  expect(auditChain({ ...books, ...again })).toMatchObject({ promised: 3, examples: [] });
});

test.each<[string, Partial<ChainBooks>, object]>([
  ['marked and not in the stream', { published: [] }, { lost: 1 }],
  ['an outbox row not marked', { outbox: [{ ...row, published: false }] }, { lost: 1 }],
  ['accepted without an outbox row', { outbox: [], published: [] }, { lost: 1 }],
  ['an entry without an outbox row', { published: [run, { ...run, eventId: 'e-2' }] }, { phantom: 1 }],
  ['left open', { statuses: new Map([['c-1', 'dispatched']]) }, { lost: 1 }],
  ['not stored', { statuses: new Map() }, { lost: 1 }],
])('%s', (_name, damage, expected) => {
  const findings = auditChain({ ...books, ...damage });
  expect(findings).toMatchObject(expected);
  expect(isClean(findings)).toBe(false);
});

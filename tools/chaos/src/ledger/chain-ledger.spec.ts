import { type ChainBooks, auditChain } from './chain-ledger';
import { isClean } from './findings';

const run = { correlationId: 'c-1', eventId: 'e-1' };
const books: ChainBooks = {
  accepted: ['c-1'],
  published: [run, run],
  unpublished: 0,
  statuses: new Map([['c-1', 'succeeded']]),
};

test('published twice under one event id, ended once: nothing to report', () => {
  expect(auditChain(books)).toMatchObject({ promised: 1, examples: [] });
});

test.each<[string, Partial<ChainBooks>, object]>([
  ['never published', { published: [] }, { lost: 1 }],
  ['published under two event ids', { published: [run, { ...run, eventId: 'e-2' }] }, { duplicated: 1 }],
  ['an outbox row not marked', { unpublished: 1 }, { lost: 1 }],
  ['left open', { statuses: new Map([['c-1', 'dispatched']]) }, { lost: 1 }],
  ['not stored', { statuses: new Map() }, { lost: 1 }],
])('%s', (_name, damage, expected) => {
  const findings = auditChain({ ...books, ...damage });
  expect(findings).toMatchObject(expected);
  expect(isClean(findings)).toBe(false);
});

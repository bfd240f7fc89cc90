import { isClean } from './findings';
import { type ResultsBooks, type StoredResults, auditResults } from './results-ledger';

const id = 'c-1';
const sent = {
  result_id: 'r-1',
  correlation_id: id,
  agent_id: 'gw-1',
  status: 'success' as const,
  evidence: 'e-1',
  acknowledged: true,
};
const books: ResultsBooks = {
  commands: new Map([[id, 'gw-1']]),
  results: [sent],
  events: [{ correlation_id: id, state: 'dispatched', acknowledged: true }],
};
const { acknowledged: _, ...row } = { ...sent, late: false };
const command = {
  correlation_id: id,
  agent_id: 'gw-1',
  status: 'succeeded' as const,
  dispatched: true,
  acknowledged: false,
};
const stored: StoredResults = { commands: [command], results: [row] };

test('one row, the right end: nothing to report', () => {
  expect(auditResults(books, stored)).toMatchObject({ promised: 2, stored: 1, examples: [] });
});

test('what Redis never confirmed may be missing, and may be there', () => {
  const unconfirmed: ResultsBooks = {
    ...books,
    results: [{ ...sent, acknowledged: false }],
    events: [{ correlation_id: id, state: 'dispatched', acknowledged: false }],
  };
  const none: StoredResults = {
    commands: [{ ...command, status: 'queued', dispatched: false }],
    results: [],
  };
  expect(isClean(auditResults(unconfirmed, none))).toBe(true);
  expect(isClean(auditResults(unconfirmed, stored))).toBe(true);
});

test.each<[string, StoredResults, object]>([
  ['a missing row', { ...stored, results: [] }, { lost: 1 }],
  [
    'a second row under another key',
    { ...stored, results: [row, { ...row, result_id: 'r-9', late: true }] },
    { duplicated: 1 },
  ],
  [
    'two rows that both end the command',
    { ...stored, results: [row, { ...row, result_id: 'r-9' }] },
    { duplicated: 2 },
  ],
  [
    'a row nobody sent',
    { ...stored, results: [row, { ...row, evidence: 'e-9', late: true }] },
    { phantom: 1 },
  ],
  ['a row stored under another key', { ...stored, results: [{ ...row, result_id: 'r-9' }] }, { phantom: 1 }],
  ['another outcome', { ...stored, commands: [{ ...command, status: 'failed' }] }, { phantom: 1 }],
  ['a command left open', { ...stored, commands: [{ ...command, status: 'dispatched' }] }, { lost: 1 }],
  ['a lost step', { ...stored, commands: [{ ...command, dispatched: false }] }, { lost: 1 }],
  ['a step nobody reported', { ...stored, commands: [{ ...command, acknowledged: true }] }, { phantom: 1 }],
])('%s', (_name, damaged, expected) => {
  const findings = auditResults(books, damaged);
  expect(findings).toMatchObject(expected);
  expect(isClean(findings)).toBe(false);
});

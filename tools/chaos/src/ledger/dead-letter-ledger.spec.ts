import { auditDeadLetters } from './dead-letter-ledger';

const planted = { mark: 'm-1', stream: 'viw.telemetry', fields: ['body', 'x', 'mark', 'm-1'] };
const dead = { stream: planted.stream, fields: planted.fields, reason: 'SCHEMA_MISMATCH' };

test('planted entries count once, however often they were set aside', () => {
  expect(auditDeadLetters([planted], [dead, dead])).toEqual({
    planted: 1,
    found: 1,
    unplanted: 0,
    examples: [],
  });
});

test.each([
  ['missing', [], { found: 0, unplanted: 0 }],
  ['a healthy entry set aside', [dead, { ...dead, fields: ['body', '{}'] }], { found: 1, unplanted: 1 }],
  ['altered on the way', [{ ...dead, fields: ['body', 'y', 'mark', 'm-1'] }], { found: 0, unplanted: 1 }],
  ['of another stream', [{ ...dead, stream: 'viw.alerts' }], { found: 0, unplanted: 1 }],
])('%s', (_name, letters, expected) => {
  expect(auditDeadLetters([planted], letters)).toMatchObject(expected);
});

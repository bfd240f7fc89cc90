import type { ChainedAuditRecord } from '@viw/database';
import { exportHead, exportLines } from './export';

const record = (more: Partial<ChainedAuditRecord>): ChainedAuditRecord => ({
  id: 7,
  at: '2026-11-28T08:00:00.000Z',
  actor_kind: 'administrator',
  actor_id: '1',
  actor_name: 'a@example.org',
  action: 'gateway.update',
  object_kind: 'gateway',
  object_id: 'gw-1',
  outcome: 'success',
  correlation_id: null,
  address: '127.0.0.1',
  detail: {},
  seq: 3,
  hash: 'ff',
  ...more,
});

it('CSV has a head and as many cells in every line, whatever stands in them', () => {
  expect(exportHead('csv').split(',')).toHaveLength(14);
  const line = exportLines('csv', [record({ actor_name: 'a "b", c\nd', detail: { a: 1, b: 'x' } })]);
  expect(line).toContain(',"a ""b"", c\nd",');
  expect(line).toContain(',"{""a"":1,""b"":""x""}",ff\r\n');
});

it.each(['=cmd()', '+1', '-1', '@x', '\tx'])('no cell of a CSV is a formula: %j', (name) => {
  const line = exportLines('csv', [record({ actor_name: name })]);
  expect(line).toContain(`,'${name},`);
});

it('JSON lines give the line as it was hashed, with its place', () => {
  const one = record({ detail: { text: 'a\nb' } });
  const lines = exportLines('jsonl', [one, record({})]).split('\n');
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[0] ?? '')).toEqual(one);
});

import { auditAgentEvents } from './agent-event-ledger';

const row = { event_id: 'e-1', agent_id: 'gw-1', evidence: 'x-1' };
const sent = { ...row, acknowledged: true };

test('one row, or none where nothing was confirmed: nothing to report', () => {
  expect(auditAgentEvents([sent], [row])).toMatchObject({ promised: 1, stored: 1, examples: [] });
  expect(auditAgentEvents([{ ...sent, acknowledged: false }], [])).toMatchObject({ promised: 0, lost: 0 });
  expect(auditAgentEvents([{ ...sent, acknowledged: false }], [row])).toMatchObject({ phantom: 0 });
});

test.each([
  ['a missing row', [], { lost: 1 }],
  ['a second row under another key', [row, { ...row, event_id: 'e-2' }], { duplicated: 1 }],
  ['another agent', [{ ...row, agent_id: 'gw-2' }], { phantom: 1 }],
  ['a row nobody sent', [row, { ...row, evidence: 'x-9' }], { phantom: 1 }],
])('%s', (_name, stored, expected) => {
  expect(auditAgentEvents([sent], stored)).toMatchObject(expected);
});

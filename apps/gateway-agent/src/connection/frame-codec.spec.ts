import { frameContracts, limits } from '@viw/contracts';
import type { AgentFrame } from '@viw/contracts';
import { decodeHubFrame, encodeAgentFrame } from './frame-codec';

it.each(
  frameContracts.filter(({ from }) => from === 'hub').map(({ type, example }) => [type, example] as const),
)('reads the example of %s', (_, example) =>
  expect(decodeHubFrame(JSON.stringify(example))).toHaveProperty('frame'),
);

it.each([
  '',
  'null',
  '[]',
  '{',
  '{"type":"WELCOME"}',
  '{"type":"RESULT"}',
  '{"type":"constructor"}',
  '"secret canary"',
])('names the fault of %s without quoting it', (text) => {
  const decoded = decodeHubFrame(text);
  expect(decoded).toHaveProperty('fault');
  expect(JSON.stringify(decoded)).not.toContain('canary');
});

it('does not let out what the hub would refuse', () => {
  const frame = { type: 'TELEMETRY', agent_id: 'gw-1', ts: '2026-11-21T08:00:00Z', metrics: {} } as const;
  expect(encodeAgentFrame(frame)).toHaveProperty('text');
  expect(encodeAgentFrame({ ...frame, agent_id: 'not an id' })).toHaveProperty('fault');
  const services = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`service-${n}`, 'x'.repeat(40)]),
  );
  const large: AgentFrame = { ...frame, metrics: { services } };
  expect(encodeAgentFrame(large)).toEqual({
    fault: expect.stringContaining(String(limits.telemetryBytes)) as string,
  });
});

import type { CommandFault, Victims } from './schedule';
import { planCommandFaults } from './schedule';

const victims: Victims = {
  hubs: ['hub-1', 'hub-2'],
  agents: ['gw-1 agent', 'gw-2 agent'],
  helpers: ['gw-1 helper', 'gw-2 helper'],
  writers: ['results-writer'],
  backends: ['backend'],
  agentWires: ['gw-1 to hubs', 'gw-2 to hubs'],
  innerWires: ['hubs to Redis'],
};
const options = { seed: 7, windowMs: 19_000, everyMs: 1_000 };

const groupOf = (name: string): string | undefined =>
  Object.entries(victims).find(([, names]) => (names as string[]).includes(name))?.[0];
function kindOf(fault: CommandFault): string {
  if (fault.kind === 'crash') return `crash ${fault.server}`;
  if (fault.kind === 'tcp')
    return fault.fault === 'delay' ? 'delay' : `${fault.fault} ${groupOf(fault.wire)}`;
  return `${fault.kind} ${groupOf(fault.process)}`;
}

test('the same seed gives the same plan, another seed another one', () => {
  expect(planCommandFaults(options, victims)).toEqual(planCommandFaults(options, victims));
  expect(planCommandFaults({ ...options, seed: 8 }, victims)).not.toEqual(
    planCommandFaults(options, victims),
  );
});

test('every kind comes before one comes twice, all within the window', () => {
  const faults = planCommandFaults(options, victims);
  expect(faults).toHaveLength(19);
  expect(new Set(faults.map(kindOf)).size).toBe(19);
  for (const { atMs } of faults) expect(atMs).toBeLessThan(19_000);
});

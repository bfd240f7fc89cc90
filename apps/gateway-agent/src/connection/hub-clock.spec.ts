import { HubClock } from './hub-clock';

const make = () => {
  const base = { time: Date.parse('2026-11-21T08:00:00Z'), now: () => base.time };
  return { base, clock: new HubClock({ base }) };
};

it('follows the hub when the host is wrong, and the host again when it is right', () => {
  const { base, clock } = make();
  clock.observe('2026-11-21T08:20:00.000Z');
  expect(clock.offsetMs).toBe(20 * 60_000);
  base.time += 1_000;
  expect(new Date(clock.now()).toISOString()).toBe('2026-11-21T08:20:01.000Z');
  base.time += 20 * 60_000;
  clock.observe('2026-11-21T08:20:01.500Z');
  expect(clock.offsetMs).toBe(0);
});

it('takes no notice of network delay and of what is no time', () => {
  const { clock } = make();
  clock.observe('2026-11-21T08:00:01.900Z');
  clock.observe('yesterday');
  expect(clock.offsetMs).toBe(0);
});

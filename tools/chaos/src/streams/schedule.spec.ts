import { planFaults } from './schedule';

const options = { seed: 7, windowMs: 30_000, writers: 2, groups: 2 };

test('the same seed gives the same schedule, another seed another one', () => {
  expect(planFaults(options)).toEqual(planFaults(options));
  expect(planFaults({ ...options, seed: 8 })).not.toEqual(planFaults(options));
});

test('every kind comes before one comes twice, all within the window', () => {
  const faults = planFaults({ ...options, windowMs: 10_000 });
  const kinds = faults.map((fault) => (fault.kind === 'tcp' ? fault.fault : fault.kind));
  expect(kinds).toHaveLength(9);
  expect(new Set(kinds).size).toBe(9);
  for (const { atMs } of faults) expect(atMs).toBeLessThan(10_000);
});

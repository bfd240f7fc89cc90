import { certsMeasures, planJobs } from './jobs';
import { holdsServer } from './points';

const plan = (seed: number, round = 0) => planJobs(certsMeasures.quick, { seed, round });

it('plans the same for the same seed, and something else for another', () => {
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
  expect(plan(7).map(({ site }) => site)).not.toEqual(plan(7, 1).map(({ site }) => site));
});

it.each([1, 2, 3])('seed %i: every point comes, those that come twice by both challenges', (seed) => {
  const jobs = plan(seed);
  const { dies, sleeps, outage } = certsMeasures.quick;
  expect(jobs.flatMap(({ point }) => point ?? []).toSorted()).toEqual(
    [...dies, ...sleeps, ...outage].toSorted(),
  );
  const twice = [
    ['dies', 'challenge presented'],
    ['sleeps', 'about to save'],
  ];
  for (const [fate, point] of twice) {
    const both = jobs.filter((job) => job.fate === fate && job.point === point);
    expect(both.map(({ challenge }) => challenge).toSorted()).toEqual(['dns-01', 'http-01']);
  }
});

it('gives those a server of their own that have it to themselves', () => {
  const jobs = plan(1);
  const alone = jobs.filter(
    ({ point, fault }) => (fault !== undefined && fault !== 'disk full') || (point && holdsServer.has(point)),
  );
  const numbers = alone.map(({ server }) => server);
  expect(new Set(numbers).size).toBe(alone.length);
  for (const number of numbers) expect(jobs.filter(({ server }) => server === number)).toHaveLength(1);
});

import { createLogger, createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { type SweepStep, historySweep, withAdvisoryLock } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
beforeAll(async () => (f = await fixture({ migrated: false })));
afterAll(() => f.close());

function sweep(key: number, steps: readonly SweepStep[]) {
  const lines: { event: string; deleted?: Record<string, number> }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) };
  const metrics = createMetrics('test');
  const component = historySweep(
    { databaseUrl: f.url, applicationName: 'test', key, everyMs: 5, limit: 10 },
    { steps, metrics, logger: createLogger({ service: 'test' }, { destination }) },
  );
  return { component, metrics, lines };
}

/** Has so many things that are old, and counts the steps that it was asked for. */
const holding = (what: string, old: number) => {
  const of = { asked: 0, old, step: undefined as unknown as SweepStep };
  of.step = (limit) => {
    of.asked++;
    const n = Math.min(limit, of.old);
    of.old -= n;
    return Promise.resolve({ [what]: n });
  };
  return of;
};

test('step after step until nothing old is left, counted and told once; a turn that finds nothing is silent', async () => {
  const [sessions, events] = [holding('sessions', 25), holding('events', 0)];
  const { component, metrics, lines } = sweep(991_101, [sessions.step, events.step]);
  await component.start();
  await eventually(() => expect(events.asked).toBeGreaterThan(2));
  await component.stop();
  expect([sessions.old, lines]).toEqual([0, [expect.objectContaining({ deleted: { sessions: 25 } })]]);
  expect(lines[0]?.event).toBe('history_swept');
  expect(await metrics.metrics()).toContain('viw_history_deleted_total{what="sessions",service="test"} 25');
});

test('a step that fails holds no other up, and is a warning', async () => {
  const events = holding('events', 3);
  const { component, lines } = sweep(991_102, [() => Promise.reject(new Error('no rights')), events.step]);
  await component.start();
  await eventually(() => expect(lines.map(({ event }) => event)).toContain('history_sweep_failed'));
  await component.stop();
  expect(events.old).toBe(0);
});

test('stopping waits for the step under way and begins no other; meanwhile no other process sweeps', async () => {
  let go!: () => void;
  let steps = 0;
  const endless: SweepStep = (limit) =>
    new Promise((resolve) => {
      steps++;
      go = () => resolve({ endless: limit });
    });
  const { component } = sweep(991_103, [endless]);
  await component.start();
  await eventually(() => expect(steps).toBe(1));
  const lock = { url: f.url, applicationName: 'test', key: 991_103 };
  expect(await withAdvisoryLock(lock, () => Promise.resolve())).toBe(false);
  const stopped = component.stop();
  go();
  await stopped;
  expect(steps).toBe(1);
});

import { createLogger } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { ElectedTask, withAdvisoryLock } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
beforeAll(async () => {
  f = await fixture();
});
afterAll(() => f.close());

function task(key: number, run: (end: AbortSignal) => Promise<unknown>) {
  const lines: { event: string; task: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) };
  const subject = new ElectedTask(
    {
      name: 'sample',
      databaseUrl: f.url,
      applicationName: 'test',
      key,
      everyMs: 5,
      standbyMs: 20,
      backoff: { baseMs: 1, capMs: 10 },
      failureEvent: 'sample_failed',
    },
    { run, logger: createLogger({ service: 'test' }, { destination }) },
  );
  return { subject, lines };
}

test('of two processes one takes every turn; when it stops, after the turn under way, the other goes on', async () => {
  const turns: string[] = [];
  let running = 0;
  const by = (who: string) => async (end: AbortSignal) => {
    expect(++running).toBe(1);
    turns.push(who);
    if (turns.length === 3)
      await new Promise<void>((resolve) => end.addEventListener('abort', () => setImmediate(resolve)));
    running -= 1;
  };
  const [first, second] = [task(991_001, by('first')), task(991_001, by('second'))];
  first.subject.start();
  await eventually(() => expect(turns).toHaveLength(3));
  second.subject.start();
  const lock = { url: f.url, applicationName: 'test', key: 991_001 };
  expect(await withAdvisoryLock(lock, () => Promise.resolve())).toBe(false);
  await first.subject.stop();
  expect([turns.slice(0, 3), running]).toEqual([['first', 'first', 'first'], 0]);
  await eventually(() => expect(turns.length).toBeGreaterThan(4));
  await second.subject.stop();
  expect([...new Set(turns.slice(3))]).toEqual(['second']);
  expect([first.lines, second.lines]).toEqual([[], []]);
});

test('a failed turn is a warning that names the task, and is tried again', async () => {
  let turns = 0;
  const { subject, lines } = task(991_002, () =>
    ++turns < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(),
  );
  subject.start();
  subject.start();
  await eventually(() => expect(turns).toBeGreaterThan(3));
  await subject.stop();
  expect(lines).toMatchObject([{ event: 'sample_failed', task: 'sample' }]);
});

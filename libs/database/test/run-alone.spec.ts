import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { AloneWork } from '../src/index';
import { runAlone, runPeriodicallyAlone, withAdvisoryLock } from '../src/index';
import { type Fixture, fixture } from './fixture';

const BACKOFF = { baseMs: 1, capMs: 10 };
const STANDBY_MS = 20;

let f: Fixture;
let key = 990_000;
beforeAll(async () => {
  f = await fixture();
});
beforeEach(() => void (key += 1));
afterAll(() => f.close());

const lock = () => ({ url: f.url, applicationName: 'alone-test', key });
const breakConnections = () =>
  sql`SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()`.execute(f.db);
const untilEnd = (end: AbortSignal): Promise<void> =>
  new Promise((resolve) => end.addEventListener('abort', () => resolve(), { once: true }));

/** `runAlone` with what it told, and a way to stop it. */
function start(work: AloneWork, at = lock()) {
  const stopping = new AbortController();
  const failures: unknown[] = [];
  const done = runAlone(
    at,
    {
      stop: stopping.signal,
      backoff: BACKOFF,
      standbyMs: STANDBY_MS,
      onFailure: (error) => failures.push(error),
    },
    work,
  );
  return {
    failures,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}

test('of two processes one works; the other gets the lock when that one ends', async () => {
  const began: string[] = [];
  const work = (name: string) => (end: AbortSignal) => {
    began.push(name);
    return untilEnd(end);
  };
  const first = start(work('first'));
  await eventually(() => expect(began).toEqual(['first']));
  const second = start(work('second'));
  expect(await withAdvisoryLock(lock(), () => Promise.reject(new Error('not alone')))).toBe(false);
  expect(began).toEqual(['first']);
  await first.stop();
  await eventually(() => expect(began).toEqual(['first', 'second']));
  await second.stop();
  expect([first.failures, second.failures]).toEqual([[], []]);
});

test('a lock that is lost ends the work, which is begun anew by whoever gets the lock', async () => {
  let [began, ended] = [0, 0];
  const one = start(async (end) => {
    began += 1;
    await untilEnd(end);
    ended += 1;
  });
  await eventually(() => expect(began).toBe(1));
  await breakConnections();
  await eventually(() => expect([began, ended]).toEqual([2, 1]));
  await one.stop();
  expect(ended).toBe(2);
});

test('work that fails is begun anew; of failures in a row the first one is told', async () => {
  let turns = 0;
  const one = start(async (end, worked) => {
    turns += 1;
    if (turns === 4) worked();
    if (turns < 7) throw new Error(`turn ${turns}`);
    await untilEnd(end);
  });
  await eventually(() => expect(turns).toBe(7));
  await one.stop();
  expect(one.failures.map((error) => (error as Error).message)).toEqual(['turn 1', 'turn 4']);
});

test('without a database it tries on, says so once, and can be stopped', async () => {
  const nowhere = { ...lock(), url: 'postgresql://a:b@127.0.0.1:1/x' };
  const one = start(() => Promise.reject(new Error('begun')), nowhere);
  await eventually(() => expect(one.failures).toHaveLength(1));
  await one.stop();
  expect(one.failures).toMatchObject([{ code: 'ECONNREFUSED' }]);
});

test('turns: one after the other, the first at once; one under way is seen through; a failure comes again', async () => {
  const stopping = new AbortController();
  const failures: unknown[] = [];
  let turns = 0;
  let release = (): void => undefined;
  const done = runPeriodicallyAlone(
    lock(),
    {
      stop: stopping.signal,
      everyMs: 1,
      backoff: BACKOFF,
      standbyMs: STANDBY_MS,
      onFailure: (error) => failures.push(error),
    },
    async () => {
      turns += 1;
      if (turns === 2 || turns === 4) throw new Error(`turn ${turns}`);
      if (turns === 6) await new Promise<void>((resolve) => (release = resolve));
    },
  );
  await eventually(() => expect(turns).toBe(6));
  // The turn between them went well: the second failure is the first of its row again.
  expect(failures).toEqual([new Error('turn 2'), new Error('turn 4')]);
  let ended = false;
  void done.then(() => (ended = true));
  stopping.abort();
  expect(await withAdvisoryLock(lock(), () => Promise.resolve())).toBe(false);
  expect(ended).toBe(false);
  release();
  await done;
  expect(turns).toBe(6);
});

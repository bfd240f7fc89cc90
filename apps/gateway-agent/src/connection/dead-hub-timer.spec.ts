import { eventually } from '@viw/testing';
import { DeadHubTimer } from './dead-hub-timer';

/** As a busy machine does with a process. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function started(limitMs: number) {
  const fired = { times: 0 };
  const timer = new DeadHubTimer(limitMs, () => (fired.times += 1));
  timer.start();
  return { timer, fired };
}

test('fires once when nothing was heard, and not when it was stopped', async () => {
  const [silent, stopped] = [started(20), started(20)];
  stopped.timer.stop();
  await eventually(() => expect(silent.fired.times).toBe(1), { everyMs: 5 });
  expect(stopped.fired.times).toBe(0);
});

test('what a hub said while this process stood still is read before it counts as silent', async () => {
  const { timer, fired } = started(200);
  standStill(800);
  await new Promise((resolve) => setImmediate(resolve));
  expect(fired.times).toBe(0);
  // There was nothing to be read.
  await eventually(() => expect(fired.times).toBe(1), { everyMs: 5 });
  timer.stop();
});

describe('of a clock that stands still on request', () => {
  const LIMIT_MS = 60_000;
  let lostMs: number;

  beforeEach(() => {
    jest.useFakeTimers();
    lostMs = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + lostMs);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });
  /** So that the timer, which is due then, comes 600 ms late. */
  const lateAfter = (ms: number): void => {
    jest.advanceTimersByTime(ms - 1);
    lostMs += 600;
    jest.advanceTimersByTime(1);
  };

  test('a hub is given what was lost and a second, not its whole time', () => {
    const { fired } = started(LIMIT_MS);
    lateAfter(LIMIT_MS);
    jest.advanceTimersByTime(1_500);
    expect(fired.times).toBe(0);
    jest.advanceTimersByTime(200);
    expect(fired.times).toBe(1);
  });

  test('it is given that once, and again after it has spoken', () => {
    const [silent, speaking] = [started(LIMIT_MS), started(LIMIT_MS)];
    lateAfter(LIMIT_MS);
    speaking.timer.touch();
    lateAfter(1_600);
    expect(silent.fired.times).toBe(1);
    lateAfter(LIMIT_MS - 2_200);
    expect(speaking.fired.times).toBe(0);
    speaking.timer.stop();
  });
});

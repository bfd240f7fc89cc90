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

import { createLogger } from './logging';
import { PeriodicTask } from './periodic-task';
import type { PeriodicTaskOptions } from './periodic-task';

type Run = (signal: AbortSignal) => Promise<void> | void;

interface Line {
  event: string;
  task: string;
}

function task(options: Partial<PeriodicTaskOptions>, run: Run) {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const logger = createLogger({ service: 'sample' }, { destination });
  const subject = new PeriodicTask(
    { name: 'sample-task', everyMs: 5, failureEvent: 'sample_failed', ...options },
    { run, logger },
  );
  return { subject, lines };
}

/** A promise and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A run that opens the gate when it is called for the nth time. */
function counting(times: number) {
  const { opened, open } = gate();
  const starts: number[] = [];
  const run: Run = () => {
    starts.push(performance.now());
    if (starts.length === times) open();
  };
  return { run, starts, reached: opened };
}

test('runs at the start and again at its pace, until it is stopped', async () => {
  const { run, starts, reached } = counting(4);
  const { subject } = task({ everyMs: 20 }, run);
  expect(starts).toHaveLength(0);
  subject.start();
  subject.start();
  await reached;
  await subject.stop();
  expect(starts).toHaveLength(4);
  // A timer counts from the time of its turn of the loop, which on a busy machine lies some milliseconds before the run: half
  // the pace tells a pace from none.
  expect((starts[3] ?? 0) - (starts[0] ?? 0)).toBeGreaterThan((3 * 20) / 2);
});

test('without a run at the start, the first is one turn later', async () => {
  const [soon, late] = [counting(1), counting(1)];
  const { subject } = task({ everyMs: 20, runAtStart: false }, soon.run);
  const { subject: other } = task({ everyMs: 3_600_000, runAtStart: false }, late.run);
  other.start();
  subject.start();
  await soon.reached;
  await Promise.all([subject.stop(), other.stop()]);
  expect(late.starts).toHaveLength(0);
});

test('never runs twice at once, however long a run takes', async () => {
  let underWay = 0;
  let most = 0;
  const { run: count, reached } = counting(3);
  const { subject } = task({ everyMs: 1 }, async (signal) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 10));
    underWay--;
    await count(signal);
  });
  subject.start();
  await reached;
  await subject.stop();
  expect(most).toBe(1);
  expect(underWay).toBe(0);
});

test('stop tells the run under way and waits for it', async () => {
  const begun = gate();
  const finish = gate();
  const calls: string[] = [];
  const { subject } = task({}, async (signal) => {
    signal.addEventListener('abort', () => calls.push('told'));
    begun.open();
    await finish.opened;
    calls.push('finished');
  });
  subject.start();
  await begun.opened;
  const stopped = subject.stop().then(() => calls.push('stopped'));
  expect(calls).toEqual(['told']);
  finish.open();
  await stopped;
  expect(calls).toEqual(['told', 'finished', 'stopped']);
});

test('stop ends a wait at once, and comes before a start too', async () => {
  const { run, starts, reached } = counting(1);
  const { subject } = task({ everyMs: 3_600_000 }, run);
  subject.start();
  await reached;
  await subject.stop();
  expect(starts).toHaveLength(1);

  const never = counting(1);
  const { subject: stopped } = task({}, never.run);
  await stopped.stop();
  stopped.start();
  await stopped.stop();
  expect(never.starts).toHaveLength(0);
});

test('a failed run, thrown or rejected, is one warning; the next comes after retryMs', async () => {
  const { run: count, reached } = counting(3);
  let runs = 0;
  const { subject, lines } = task({ everyMs: 3_600_000, retryMs: 1 }, (signal) => {
    void count(signal);
    if (++runs === 1) throw new Error('no');
    return runs === 2 ? Promise.reject(new Error('no')) : undefined;
  });
  subject.start();
  await reached;
  await subject.stop();
  expect(lines).toEqual([
    expect.objectContaining({ level: 'warn', event: 'sample_failed', task: 'sample-task' }),
    expect.objectContaining({ level: 'warn', event: 'sample_failed', task: 'sample-task' }),
  ]);
});

test('jitter is added to the pace', async () => {
  const { run, starts, reached } = counting(20);
  const { subject } = task({ everyMs: 1, jitterMs: 20 }, run);
  subject.start();
  await reached;
  await subject.stop();
  // 19 waits of 0 to 20 ms: below 50 ms in all is less likely than one in a hundred million.
  expect((starts[19] ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(50);
});

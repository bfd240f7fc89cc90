import { fullJitter, sleep } from './backoff';

const range = { baseMs: 1_000, capMs: 60_000 };

test('the ceiling doubles up to the cap, the floor stays zero', () => {
  const ceiling = (attempt: number) => fullJitter(range, attempt, () => 0.999_999);
  expect([0, 1, 2, 5, 6, 7, 5_000].map(ceiling)).toEqual([999, 1_999, 3_999, 31_999, 59_999, 59_999, 59_999]);
  expect(fullJitter(range, 9, () => 0)).toBe(0);
});

test('sleep ends early with the reason of its signal', async () => {
  const abort = new AbortController();
  const sleeping = sleep(60_000, abort.signal);
  abort.abort(new Error('stop'));
  await expect(sleeping).rejects.toThrow('stop');
  await expect(sleep(60_000, abort.signal)).rejects.toThrow('stop');
});

test('sleep waits', async () => {
  // A timer counts from the time of its turn of the loop, as this one does, and not from now.
  let earlier = false;
  setTimeout(() => (earlier = true), 15);
  await sleep(20, new AbortController().signal);
  expect(earlier).toBe(true);
});

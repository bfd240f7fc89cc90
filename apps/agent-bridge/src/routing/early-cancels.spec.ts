import { EarlyCancels } from './early-cancels';

test('a cancellation is found as often as its command comes, for ten minutes after it was asked for last', () => {
  const cancels = new EarlyCancels();
  cancels.note('a', 0);
  cancels.note('b', 0);
  expect([cancels.has('a'), cancels.has('a')]).toEqual([true, true]);
  cancels.note('a', 60_000);
  cancels.note('c', 10 * 60_000);
  expect([cancels.has('a'), cancels.has('b'), cancels.has('c')]).toEqual([true, false, true]);
  cancels.note('d', 11 * 60_000);
  expect([cancels.has('a'), cancels.has('c')]).toEqual([false, true]);
});

test('never more than so many', () => {
  const cancels = new EarlyCancels();
  for (let n = 0; n <= 10_000; n++) cancels.note(String(n), 0);
  expect(cancels.has('0')).toBe(false);
  expect(cancels.has('1')).toBe(true);
  expect(cancels.has('10000')).toBe(true);
});

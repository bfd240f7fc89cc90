import { EarlyCancels } from './early-cancels';

test('a cancellation is found once, within ten minutes', () => {
  const cancels = new EarlyCancels();
  cancels.note('a', 0);
  cancels.note('b', 60_000);
  expect(cancels.take('a')).toBe(true);
  expect(cancels.take('a')).toBe(false);
  cancels.note('c', 11 * 60_000);
  expect(cancels.take('b')).toBe(false);
  expect(cancels.take('c')).toBe(true);
});

test('never more than so many', () => {
  const cancels = new EarlyCancels();
  for (let n = 0; n <= 10_000; n++) cancels.note(String(n), 0);
  expect(cancels.take('0')).toBe(false);
  expect(cancels.take('1')).toBe(true);
  expect(cancels.take('10000')).toBe(true);
});

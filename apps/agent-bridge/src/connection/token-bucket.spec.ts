import { TokenBucket } from './token-bucket';

test('a burst passes at once, then so many per second', () => {
  const bucket = new TokenBucket({ perSecond: 50, burst: 100 }, 0);
  const taken = (count: number, now: number) =>
    Array.from({ length: count }, () => bucket.take(now)).filter(Boolean).length;
  expect(taken(150, 0)).toBe(100);
  expect(taken(150, 1_000)).toBe(50);
  expect(taken(150, 1_010)).toBe(0);
  expect(taken(150, 60_000)).toBe(100);
});

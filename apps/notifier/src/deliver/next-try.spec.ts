import { nextTry } from './next-try';

const pauses = (status?: number) =>
  Array.from({ length: 10 }, (_, n) => nextTry({ made: n + 1, allowed: 10, firstPauseS: 5 }, status, 0));

it('pauses grow up to eight hours, a day in all, and then it is given up', () => {
  expect(pauses()).toEqual([5, 20, 80, 320, 1_280, 5_120, 20_480, 28_800, 28_800, null]);
});

it('a receiver that has gone is not tried again', () => {
  expect(pauses(410)[0]).toBeNull();
  expect(nextTry({ made: 1, allowed: 3, firstPauseS: 5 }, 500, 0.5)).toBeCloseTo(5.5);
});

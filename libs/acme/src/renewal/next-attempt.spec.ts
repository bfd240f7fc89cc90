import { nextAttempt, type FailedAttempt } from './next-attempt';

const now = new Date('2026-01-01T00:00:00Z');
const minutes = (attempt: FailedAttempt, random = 0) => {
  const at = nextAttempt(attempt, now, random);
  return at && (at.getTime() - now.getTime()) / 60_000;
};
const inMinutes = (n: number) => new Date(now.getTime() + n * 60_000);

describe('nextAttempt', () => {
  it('slow: 1 m, 10 m, 100 m, then once a day', () => {
    expect([1, 2, 3, 4, 5, 50].map((failures) => minutes({ retry: 'slow', failures }))).toEqual([
      1, 10, 100, 1_440, 1_440, 1_440,
    ]);
  });

  it('slow, near the end of the certificate: an eighth of what is left, never under ten minutes', () => {
    const at = (left: number, failures: number) =>
      minutes({ retry: 'slow', failures, notAfter: inMinutes(left) });
    expect(at(8 * 60, 4)).toBe(60);
    expect(at(60, 4)).toBe(10);
    expect(at(-60, 4)).toBe(10);
    expect(at(60, 1)).toBe(1);
    expect(at(90 * 1_440, 4)).toBe(1_440);
  });

  it('soon: doubling from a minute to an hour', () => {
    expect([1, 2, 3, 7, 100].map((failures) => minutes({ retry: 'soon', failures }))).toEqual([
      1, 2, 4, 60, 60,
    ]);
  });

  it('at: never before the time that the CA named, however near the end is', () => {
    const limited = { retry: 'at', failures: 1, notAfter: inMinutes(60) } as const;
    expect(minutes({ ...limited, retryAt: inMinutes(10_080) })).toBe(10_080);
    expect(minutes({ ...limited, retryAt: inMinutes(-5) })).toBe(1);
    expect(minutes(limited)).toBe(60);
  });

  it('never: not before somebody asks', () => expect(minutes({ retry: 'never', failures: 1 })).toBeNull());

  it('jitter only lengthens', () => expect(minutes({ retry: 'slow', failures: 3 }, 0.5)).toBe(105));
});

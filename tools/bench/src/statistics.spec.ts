import { median, peakToMean, percentile, ratioOfRounds, rounded } from './statistics';

describe('statistics of rounds', () => {
  it('takes the middle value, or the mean of the two middle ones', () => {
    expect(median([9, 1, 10])).toBe(9);
    expect(median([4, 1, 3, 100])).toBe(3.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it('names the value that a share of all does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile([7], 0)).toBe(7);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  it('compares round by round, so that a slow round slows both sides', () => {
    expect(ratioOfRounds([50, 5, 60], [100, 10, 100])).toBe(0.5);
    expect(() => ratioOfRounds([1, 2], [1])).toThrow(RangeError);
    expect(() => ratioOfRounds([], [])).toThrow(RangeError);
  });

  it('compares the busiest bucket with the mean one', () => {
    expect(peakToMean([0, 1_000, 2_000, 3_000], 1_000)).toBe(1);
    expect(peakToMean([500, 600, 700, 2_400], 1_000)).toBe(1.5);
    expect(peakToMean([7], 1_000)).toBe(1);
    expect(() => peakToMean([], 1_000)).toThrow(RangeError);
  });

  it('rounds for people', () => expect(rounded(0.12345, 3)).toBe(0.123));
});

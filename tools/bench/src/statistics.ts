/** Middle of the values; the mean of the two middle ones when their number is even. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('median of nothing');
  return (lower + upper) / 2;
}

/** Smallest value that at least `share` (0 to 1) of the values do not exceed. @throws RangeError without values */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('percentile of nothing');
  return value;
}

/**
 * Median of the ratios of each round: what ran one after the other is compared, so that a slow minute of the machine
 * slows both sides. @throws RangeError when the rounds differ in number or there are none
 */
export function ratioOfRounds(measured: readonly number[], baseline: readonly number[]): number {
  if (measured.length !== baseline.length) throw new RangeError('every round needs its baseline');
  return median(measured.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}

/**
 * How much busier the busiest bucket is than the mean one, from the first event to the last.
 * @param times milliseconds, in any order @throws RangeError without times
 */
export function peakToMean(times: readonly number[], bucketMs: number): number {
  if (times.length === 0) throw new RangeError('peak of nothing');
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const buckets = Array.from({ length: Math.floor((last - first) / bucketMs) + 1 }, () => 0);
  for (const at of times) {
    const index = Math.floor((at - first) / bucketMs);
    buckets[index] = (buckets[index] ?? 0) + 1;
  }
  const peak = buckets.reduce((a, b) => Math.max(a, b));
  return peak / (times.length / buckets.length);
}

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Milliseconds of the machine's monotonic clock: the same in every process, so that they can be subtracted. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

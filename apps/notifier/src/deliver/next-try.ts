export interface Attempts {
  /** This one included. */
  readonly made: number;
  readonly allowed: number;
  /** Before the second one, seconds. */
  readonly firstPauseS: number;
}

const LONGEST_S = 8 * 3_600;
const JITTER = 1 / 5;
/** The receiver has gone for good. */
const GONE = 410;

/**
 * Seconds until the next attempt; null: there is none. Four times as long before each further one, so that ten attempts
 * take about a day.
 * @param random in [0, 1)
 */
export function nextTry(
  { made, allowed, firstPauseS }: Attempts,
  status: number | undefined,
  random: number,
): number | null {
  if (made >= allowed || status === GONE) return null;
  return Math.min(LONGEST_S, firstPauseS * 4 ** (made - 1)) * (1 + random * JITTER);
}

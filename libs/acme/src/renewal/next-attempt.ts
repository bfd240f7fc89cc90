import type { AcmeRetry } from '../acme-errors';

export interface FailedAttempt {
  retry: AcmeRetry;
  /** Of `at`: the CA's own time, never undercut. */
  retryAt?: Date;
  /** In a row, this one included; 1 for the first. */
  failures: number;
  /** End of the certificate in service, if there is one: near it attempts come closer together. */
  notAfter?: Date;
}

const MINUTE_MS = 60_000;
/** Something on our side of a validation has to be repaired; each failure counts against the CA's limits. */
const SLOW_MS = [1, 10, 100, 24 * 60].map((minutes) => minutes * MINUTE_MS);
const SOON_CAP_MS = 60 * MINUTE_MS;
/** A limit for which the CA named no time. */
const LIMIT_MS = 60 * MINUTE_MS;
/** No pause is longer than this share of the life left: a day is too long for what ends tomorrow. */
const SHARE_OF_LIFE_LEFT = 1 / 8;
const LEAST_SLOW_MS = 10 * MINUTE_MS;
/** Added to each pause: certificates that failed together do not come back together. */
const JITTER = 1 / 10;

/**
 * When to try again; null: not before somebody asks for it. Nobody waits for it in a handler: it is stored, and the
 * scheduler begins the attempt.
 * @param random in [0, 1)
 */
export function nextAttempt(attempt: FailedAttempt, now: Date, random: number): Date | null {
  const pause = pauseAfter(attempt, now);
  return pause === null ? null : new Date(now.getTime() + Math.round(pause * (1 + random * JITTER)));
}

function pauseAfter({ retry, retryAt, failures, notAfter }: FailedAttempt, now: Date): number | null {
  switch (retry) {
    case 'never':
      return null;
    case 'at':
      return retryAt ? Math.max(MINUTE_MS, retryAt.getTime() - now.getTime()) : LIMIT_MS;
    case 'soon':
      return Math.min(SOON_CAP_MS, MINUTE_MS * 2 ** (Math.max(1, failures) - 1));
    case 'slow': {
      const pause = SLOW_MS[Math.min(failures, SLOW_MS.length) - 1] ?? MINUTE_MS;
      if (!notAfter) return pause;
      const left = (notAfter.getTime() - now.getTime()) * SHARE_OF_LIFE_LEFT;
      return Math.min(pause, Math.max(LEAST_SLOW_MS, left));
    }
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from '@viw/client';
import { AppError } from '@viw/runtime';
import { isPassing } from '../failure';
import type { Reporter } from '../terminal/reporter';

export interface FollowOptions {
  /** How to look for it later, as it is typed. */
  readonly later: string;
  /** Seconds; absent: until it has ended. */
  readonly timeoutS?: number | undefined;
}

/** Milliseconds between two looks: shorter at first, since much is done within a second. */
const FIRST_LOOK = 200;
const SLOWEST_LOOK = 2_000;
/** So long without an answer is no passing trouble. */
const GIVE_UP_AFTER = 60_000;

/**
 * Looks again and again until it has ended. A backend that is away for a while, or says that there are too many
 * requests, is asked again: what was accepted goes on without us.
 * @throws AppError TIMEOUT; whatever `look` throws that does not pass
 */
export async function follow<Found>(
  { later, timeoutS }: FollowOptions,
  report: Reporter,
  look: () => Promise<Found>,
  seen: (found: Found) => { readonly ended: boolean },
): Promise<Found> {
  const deadline = timeoutS === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutS * 1_000;
  let interval = FIRST_LOOK;
  let troubledSince: number | undefined;
  for (;;) {
    try {
      const found = await look();
      troubledSince = undefined;
      if (seen(found).ended) return found;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (troubledSince === undefined) report.note('no answer just now; still waiting');
      troubledSince ??= performance.now();
      if (performance.now() - troubledSince > GIVE_UP_AFTER) throw error;
      if (error instanceof ApiError) interval = Math.max(interval, (error.retryAfterS ?? 0) * 1_000);
    }
    const left = deadline - performance.now();
    if (left <= 0)
      throw new AppError('TIMEOUT', 'it has not ended yet, and goes on', {
        meta: { advice: `Look later: ${later}` },
      });
    await pause(Math.min(interval, left));
    interval = Math.min(interval * 1.5, SLOWEST_LOOK);
  }
}

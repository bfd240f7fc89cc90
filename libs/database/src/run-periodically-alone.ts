import { sleep } from '@viw/runtime';
import type { AdvisoryLockOptions } from './advisory-lock';
import type { AloneWork, RunAloneOptions } from './run-alone';
import { runAlone } from './run-alone';

export interface RunPeriodicallyAloneOptions extends RunAloneOptions {
  /** From the end of one turn to the beginning of the next, milliseconds. */
  readonly everyMs: number;
}

/**
 * `runAlone` for work that comes in turns; the first one at once. A turn under way is waited for; what it does step by step it
 * is to leave at `end`, when somebody else may have begun.
 */
export const runPeriodicallyAlone = (
  lock: AdvisoryLockOptions,
  { everyMs, ...options }: RunPeriodicallyAloneOptions,
  turn: AloneWork,
): Promise<void> =>
  runAlone(lock, options, async (end, worked) => {
    while (!end.aborted) {
      await turn(end, worked);
      worked();
      await sleep(everyMs, end).catch(() => undefined);
    }
  });

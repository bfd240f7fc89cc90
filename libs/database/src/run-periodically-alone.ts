import { sleep } from '@viw/runtime';
import type { AdvisoryLockOptions } from './advisory-lock';
import type { RunAloneOptions } from './run-alone';
import { runAlone } from './run-alone';

export interface RunPeriodicallyAloneOptions extends RunAloneOptions {
  /** From the end of one turn to the beginning of the next, milliseconds. */
  readonly everyMs: number;
}

/** `runAlone` for work that comes in turns; the first one at once. A turn under way at `stop` is seen through. */
export const runPeriodicallyAlone = (
  lock: AdvisoryLockOptions,
  { everyMs, ...options }: RunPeriodicallyAloneOptions,
  turn: () => Promise<void>,
): Promise<void> =>
  runAlone(lock, options, async (end, worked) => {
    while (!end.aborted) {
      await turn();
      worked();
      await sleep(everyMs, end).catch(() => undefined);
    }
  });

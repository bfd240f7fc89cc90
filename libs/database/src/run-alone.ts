import type { BackoffRange } from '@viw/runtime';
import { fullJitter, sleep } from '@viw/runtime';
import type { AdvisoryLockOptions } from './advisory-lock';
import { withAdvisoryLock } from './advisory-lock';

/** Added to each backoff, milliseconds: no two attempts follow at once. */
const LEAST_WAIT_MS = 50;

export interface RunAloneOptions {
  readonly stop: AbortSignal;
  readonly backoff: BackoffRange;
  /** How often to ask for the lock while somebody else has it, milliseconds. */
  readonly standbyMs: number;
  /** Of failures in a row the first one. */
  readonly onFailure: (error: unknown) => void;
}

/** @param worked to be called when a turn has succeeded: a failure after it is the first one again */
export type AloneWork = (end: AbortSignal, worked: () => void) => Promise<void>;

/**
 * Until `stop`: waits for the lock, and runs `work` while this process alone holds it. `end` is aborted by `stop` and when
 * the lock is lost; `work` is to return then. When it throws, or Postgres is away, it is begun anew after a backoff.
 * Never rejects.
 */
export async function runAlone(
  lock: AdvisoryLockOptions,
  { stop, backoff, standbyMs, onFailure }: RunAloneOptions,
  work: AloneWork,
): Promise<void> {
  for (let failures = 0; !stop.aborted;) {
    try {
      const held = await withAdvisoryLock(lock, (lost) =>
        work(AbortSignal.any([stop, lost]), () => (failures = 0)),
      );
      if (!held) await sleep(standbyMs, stop).catch(() => undefined);
    } catch (error) {
      if (stop.aborted) return;
      if (failures++ === 0) onFailure(error);
      await sleep(LEAST_WAIT_MS + fullJitter(backoff, failures), stop).catch(() => undefined);
    }
  }
}

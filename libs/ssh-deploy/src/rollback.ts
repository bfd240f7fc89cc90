import type { DeployProgress } from './deploy-progress';
import { deploySteps } from './deploy-steps';
import type { RollbackReport } from './errors';
import { timed, type Report } from './timed-step';

/** Undoes what was begun, newest first. Files stay when the switch could not be undone: they may be in service. */
export async function rollBack(run: DeployProgress, report: Report): Promise<RollbackReport> {
  const failures: string[] = [];
  const undone: string[] = [];
  for (const { undo, exclusive } of deploySteps.toReversed()) {
    if (!undo?.isNeeded(run) || failures.length > 0) continue;
    try {
      await run.connect();
      const work = (): Promise<string | undefined> => timed(undo.name, () => undo.run(run), report);
      const detail = await (exclusive ? exclusivelyOrNot(run, work) : work());
      if (detail !== undefined) undone.push(detail);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (run.reloadBegun && !run.switchBegun) failures.push('no earlier version is known to go back to');
  return { switched: run.switchBegun || run.reloadBegun, undone, failures };
}

/** A server that serves the wrong certificate cannot wait until whoever gives out the right to it is back. */
async function exclusivelyOrNot<T>(run: DeployProgress, work: () => Promise<T>): Promise<T> {
  let begun = false;
  try {
    return await run.exclusively(() => {
      begun = true;
      return work();
    });
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}

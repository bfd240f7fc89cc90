import { isError } from '@viw/runtime';
import { isChallengeWait } from './acme-errors';
import type { IssueRequest, IssueStepName } from './issuer';

/** Reports begin, end and duration of one step. `work` returns its result and a detail for the event. */
export async function reported<Result>(
  onStep: IssueRequest['onStep'],
  step: IssueStepName,
  work: () => Promise<{ result: Result; detail?: string }>,
  name?: string,
): Promise<Result> {
  const report = onStep ?? (() => undefined);
  const about = name === undefined ? { step } : { step, name };
  const begin = performance.now();
  const since = (): number => Math.round(performance.now() - begin);
  await report({ ...about, status: 'started', duration_ms: 0 });
  let outcome: { result: Result; detail?: string };
  try {
    outcome = await work();
  } catch (error) {
    const detail = isError(error) ? error.message : 'stopped';
    // A step that waits for somebody has begun and not failed.
    const status = isChallengeWait(error) ? 'started' : 'failed';
    await report({ ...about, status, detail, duration_ms: since() });
    throw error;
  }
  const detail = outcome.detail === undefined ? {} : { detail: outcome.detail };
  await report({ ...about, status: 'done', ...detail, duration_ms: since() });
  return outcome.result;
}

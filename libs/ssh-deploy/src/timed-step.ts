import type { DeployStepEvent, DeployStepName } from './deploy-types';

export type Report = (event: DeployStepEvent) => void | Promise<void>;

/** Runs a step and reports its beginning and its end with the time it took. Throws what the step throws. */
export async function timed(
  step: DeployStepName,
  work: () => Promise<string | undefined>,
  report: Report,
): Promise<string | undefined> {
  const begin = performance.now();
  const since = (): number => Math.round(performance.now() - begin);
  await report({ step, status: 'started', duration_ms: 0 });
  let detail: string | undefined;
  try {
    detail = await work();
  } catch (error) {
    await report({ step, status: 'failed', detail: (error as Error).message, duration_ms: since() });
    throw error;
  }
  await report({ step, status: 'done', ...(detail !== undefined && { detail }), duration_ms: since() });
  return detail;
}

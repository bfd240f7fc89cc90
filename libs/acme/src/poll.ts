import { sleep } from '@viw/runtime';
import { acmeUnavailable } from './acme-errors';
import type { AnswerFacts } from './acme-http';

export interface PollOptions {
  /** First pause between two looks in milliseconds; doubled each time. */
  minMs: number;
  maxMs: number;
  /** For the whole wait. The order stays good: a later attempt resumes it. */
  timeoutMs: number;
}

/**
 * Looks until `look` has a result. A Retry-After of the CA lengthens a pause, never shortens it.
 * @param what for the error: "did not finish <what> within ..."
 */
export async function poll<Result>(
  look: () => Promise<{ result: Result | undefined; facts: AnswerFacts }>,
  what: string,
  options: PollOptions,
  signal?: AbortSignal,
): Promise<Result> {
  const deadline = performance.now() + options.timeoutMs;
  for (let pause = options.minMs; ; pause = Math.min(pause * 2, options.maxMs)) {
    const { result, facts } = await look();
    if (result !== undefined) return result;
    const wait = Math.max(pause, facts.retryAt ? facts.retryAt.getTime() - Date.now() : 0);
    if (performance.now() + wait > deadline) {
      throw acmeUnavailable(`the CA did not finish ${what} within ${options.timeoutMs} ms`);
    }
    await sleep(wait, signal);
  }
}

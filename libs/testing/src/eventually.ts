import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Give up after this long; 30 000 by default: it guards against hanging and says nothing about speed. */
  timeoutMs?: number;
  /** Pause between two attempts; 50 by default. */
  everyMs?: number;
  /** What is waited for; begins the error message. */
  what?: string;
}

/**
 * Repeats an assertion until it no longer throws, and returns what it returned.
 * Tried at least once. When the time is over the last error is thrown, its message led by what was waited for.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw tooLate(error, timeoutMs, options.what);
    }
    await pause(options.everyMs ?? 50);
  }
}

/** The same error object where possible, so that jest's diff and the stack of the assertion survive. */
function tooLate(error: unknown, timeoutMs: number, what = 'the condition'): unknown {
  if (!(error instanceof Error)) return error;
  error.message = `${what} did not come true within ${timeoutMs} ms: ${error.message}`;
  return error;
}

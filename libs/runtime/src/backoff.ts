/** Longest delay a Node.js timer keeps; anything above fires after 1 ms. */
const TIMER_MAX_MS = 2_147_483_647;

export interface BackoffRange {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Exponential backoff with full jitter: uniform in [0, min(cap, base · 2^attempt)) milliseconds. The wide spread
 * keeps a fleet that lost the same peer at the same instant from coming back at the same instant.
 *
 * @param attempt 0 for the first retry
 * @param random uniform in [0, 1)
 */
export function fullJitter(range: BackoffRange, attempt: number, random: () => number = Math.random): number {
  return Math.floor(random() * Math.min(range.capMs, range.baseMs * 2 ** Math.max(0, attempt)));
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason at once when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason belongs to the caller
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      },
      Math.min(Math.max(0, ms), TIMER_MAX_MS),
    );
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

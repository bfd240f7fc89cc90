import { AppError, fullJitter, sleep } from '@viw/runtime';
import { parseRetryAfter } from '../../problem';
import type { ProviderAnswer } from './provider-http';

/** Several names at once run into limits of some requests a second; longer ones are left to the schedule. */
const ATTEMPTS = 6;
const BACKOFF = { baseMs: 400, capMs: 4_000 };
const LONGEST_MS = 10_000;

export interface PatienceOptions {
  /** For people, such as `Cloudflare`. */
  readonly name: string;
  /** Beside 429 and 5xx. */
  readonly isBusy?: (answer: ProviderAnswer) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks again while the provider is busy (429, 5xx), in its own time where it names one. What is asked MUST be repeatable.
 * @throws AppError ACME_UNAVAILABLE, with the time of the next attempt where that is known; what `ask` throws
 */
export async function patiently(
  ask: () => Promise<ProviderAnswer>,
  { name, isBusy = () => false, signal }: PatienceOptions,
): Promise<ProviderAnswer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    const limited = answer.status === 429 || isBusy(answer);
    if (!limited && answer.status < 500) return answer;
    const retryAt = parseRetryAfter(answer.headers['retry-after'], new Date());
    const named = retryAt ? retryAt.getTime() - Date.now() : undefined;
    if (attempt + 1 >= ATTEMPTS || (named ?? 0) > LONGEST_MS)
      throw busy(name, limited ? 'limits requests' : `has a fault (HTTP ${answer.status})`, retryAt);
    await sleep(named === undefined ? 100 + fullJitter(BACKOFF, attempt) : Math.max(0, named), signal);
  }
}

const busy = (name: string, what: string, retryAt: Date | undefined): AppError =>
  new AppError('ACME_UNAVAILABLE', `${name} ${what}`, {
    meta: retryAt ? { retry: 'at', retry_at: retryAt.toISOString() } : { retry: 'soon' },
  });

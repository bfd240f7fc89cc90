import { request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { AppError, isError } from '@viw/runtime';
import type { ReachableAddresses } from '@viw/runtime';

export interface PostOptions {
  readonly timeoutMs: number;
  /** PEM of roots beside the public ones. */
  readonly ca?: string | undefined;
}

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One POST over a connection of its own. Follows nothing and reads no more of the answer than its head.
 * @param signal ends it early, which rejects with the signal's reason
 * @returns the status
 * @throws AppError FORBIDDEN for an address where webhooks may not lead, TIMEOUT, UNAVAILABLE; with words for people
 */
export function postWebhook(
  { url, headers, body }: WebhookRequest,
  { timeoutMs, ca }: PostOptions,
  { addresses, signal }: { readonly addresses: ReachableAddresses; readonly signal: AbortSignal },
): Promise<number> {
  const target = new URL(url);
  if (target.protocol !== 'https:') return Promise.reject(new AppError('FORBIDDEN', 'not an https:// URL'));
  return new Promise((resolve, reject) => {
    addresses.assertHost(target.hostname);
    const timeout = AbortSignal.timeout(timeoutMs);
    const asked = request(target, {
      method: 'POST',
      agent: false,
      lookup: addresses.lookup,
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
      signal: AbortSignal.any([timeout, signal]),
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'viw-notifier',
      },
    });
    asked.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.on('error', () => undefined);
      response.destroy();
    });
    asked.on('error', (error) => {
      if (signal.aborted) reject(signal.reason as Error);
      else if (timeout.aborted)
        reject(new AppError('TIMEOUT', `no answer within ${Math.round(timeoutMs / 1_000)} s`));
      else reject(error instanceof AppError ? error : new AppError('UNAVAILABLE', wordsOf(error)));
    });
    asked.end(body);
  });
}

/** Only codes: what a foreign program puts into its errors is not for our log. */
function wordsOf(error: unknown): string {
  const code: unknown = isError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)
    ? `no connection: ${code}`
    : 'no connection';
}

import { request } from 'node:https';
import type { CustomFetch } from 'openid-client';

/** Metadata, keys and tokens are a few kilobytes. */
const MAX_ANSWER_BYTES = 1_048_576;

export interface ProviderFetchOptions {
  /** PEM; whom the provider's certificate must lead to. Undefined: what Node trusts. */
  readonly trustAnchors: string | undefined;
}

/**
 * `fetch` as the library wants it: Node's own takes no trust anchor. It follows no redirect, and reads no more than a bound.
 * Rejects with the network's error, or with the signal's reason.
 */
export const providerFetch =
  ({ trustAnchors }: ProviderFetchOptions): CustomFetch =>
  (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method,
          headers,
          minVersion: 'TLSv1.2',
          ...(signal === undefined ? {} : { signal }),
          ...(trustAnchors === undefined ? {} : { ca: trustAnchors }),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          answer.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MAX_ANSWER_BYTES) answer.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          answer.once('error', reject);
          answer.once('end', () => {
            const { statusCode: status = 502 } = answer;
            const empty = [204, 205, 304].includes(status);
            const pairs = Object.entries(answer.headers).map(([name, value]): [string, string] => [
              name,
              [value ?? ''].flat().join(', '),
            ]);
            resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: pairs }));
          });
        },
      );
      sent.once('error', reject);
      sent.end(
        body instanceof URLSearchParams ? body.toString() : ((body ?? undefined) as string | undefined),
      );
    });

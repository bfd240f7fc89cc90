import { createHmac } from 'node:crypto';

export interface SignedContent {
  /** The same in every attempt: by it receivers tell a repetition. */
  readonly id: string;
  /** Of the attempt, seconds since 1970: receivers refuse what is old. */
  readonly timestamp: number;
  /** Exactly as sent. */
  readonly body: string;
}

/**
 * Headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one signature per key.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookSignatureHeaders(
  { id, timestamp, body }: SignedContent,
  keys: readonly Buffer[],
): Record<string, string> {
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

import { randomUUID } from 'node:crypto';
import { webhookSignatureHeaders } from '@viw/secrets';
import { z } from 'zod';
import { acmeRefused, acmeUnavailable } from '../../acme-errors';
import type { DnsProvider } from '../dns-provider';
import { jsonOf } from './json-of';
import { ProviderHttp, type ProviderHttpOptions } from './provider-http';
import { patiently } from './provider-patience';

export interface DnsWebhookOptions extends Pick<ProviderHttpOptions, 'guard' | 'timeoutMs' | 'caPem'> {
  readonly url: string;
  /** Signs requests; at least 24 bytes. */
  readonly signingKey: Buffer;
}

/** `failed` is final for this attempt, and its words are shown to people. */
const answered = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done') }),
  z.object({ status: z.literal('failed'), message: z.string().max(500).default('no reason given') }),
]);

/**
 * Somebody's own program that changes the zone. It gets `POST {"action": "present" | "cleanup", "name", "value"}`, signed as
 * Standard Webhooks has it (`webhookSignatureHeaders`), with a timestamp of the attempt. It answers 200 with `{"status": "done"}`
 * or `{"status": "failed", "message"}`. Both actions MUST be repeatable and leave other values of the name alone.
 */
export class DnsWebhookProvider implements DnsProvider {
  readonly description: string;
  private readonly http: ProviderHttp;

  constructor(private readonly options: DnsWebhookOptions) {
    this.description = `the DNS webhook at ${new URL(options.url).host}`;
    this.http = new ProviderHttp({ name: this.description, ...options });
  }

  addTxt(name: string, value: string, signal?: AbortSignal): Promise<void> {
    return this.tell('present', name, value, signal);
  }

  removeTxt(name: string, value: string): Promise<void> {
    return this.tell('cleanup', name, value);
  }

  private async tell(
    action: 'present' | 'cleanup',
    name: string,
    value: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const body = JSON.stringify({ action, name, value });
    // The same one for each attempt: it is one piece of work.
    const id = `msg_${randomUUID()}`;
    const answer = await patiently(
      () =>
        this.http.send({
          method: 'POST',
          url: this.options.url,
          headers: { 'content-type': 'application/json', ...this.signed(id, body) },
          body,
          signal,
        }),
      { name: this.description, signal },
    );
    if (answer.status !== 200)
      throw acmeRefused(`${name}: ${this.description} answers HTTP ${answer.status}`, 'slow', name);
    const { data } = answered.safeParse(jsonOf(answer.body));
    if (!data) throw acmeUnavailable(`${name}: the answer of ${this.description} cannot be used`);
    if (data.status === 'failed')
      throw acmeRefused(`${name}: ${this.description} did not ${action}: ${data.message}`, 'slow', name);
  }

  private signed(id: string, body: string): Record<string, string> {
    const timestamp = Math.floor(Date.now() / 1_000);
    return webhookSignatureHeaders({ id, timestamp, body }, [this.options.signingKey]);
  }
}

import { z } from 'zod';
import { acmeRefused, acmeUnavailable } from '../../acme-errors';
import type { DnsProvider } from '../dns-provider';
import { jsonOf } from './json-of';
import { ProviderHttp, type ProviderAnswer, type ProviderHttpOptions } from './provider-http';
import { patiently } from './provider-patience';
import { suffixesOf } from './suffixes-of';

export interface CloudflareOptions extends Pick<ProviderHttpOptions, 'guard' | 'timeoutMs' | 'caPem'> {
  /** With `Zone.Zone:Read` and `Zone.DNS:Edit` for the zones in question, and nothing more. */
  readonly apiToken: string;
  /** Default https://api.cloudflare.com/client/v4 */
  readonly apiUrl?: string | undefined;
}

/** https://developers.cloudflare.com/api/: every answer is wrapped like this. */
const answered = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result: z.unknown(),
  result_info: z
    .object({ page: z.number(), total_pages: z.number(), total_count: z.number().optional() })
    .nullish(),
});
const zones = z.array(z.object({ id: z.string().regex(/^[0-9a-f]{1,64}$/), name: z.string() }));
const records = z.array(z.object({ id: z.string().regex(/^[0-9a-f]{1,64}$/), content: z.string() }));

/** `An identical record already exists.` */
const IDENTICAL = 81058;
/** Cloudflare's own minimum. */
const TTL_S = 60;
const MAX_PAGES = 20;
/** Of a list that others change while it is read. */
const MAX_READS = 10;

/** TXT records in zones at Cloudflare. Each value is a record of its own there, so none touches another. */
export class CloudflareProvider implements DnsProvider {
  readonly description = 'Cloudflare';
  private readonly http: ProviderHttp;
  private readonly zoneIds = new Map<string, string>();

  constructor(private readonly options: CloudflareOptions) {
    this.http = new ProviderHttp({ name: this.description, ...options });
  }

  async addTxt(name: string, value: string, signal?: AbortSignal): Promise<void> {
    const zone = await this.zoneOf(name, signal);
    const record = { type: 'TXT', name, content: JSON.stringify(value), ttl: TTL_S };
    const answer = await this.call('POST', `/zones/${zone}/dns_records`, name, { body: record, signal });
    if (answer.success || answer.errors.some(({ code }) => code === IDENTICAL)) return;
    throw refused(name, 'did not add the TXT record', answer.errors);
  }

  async removeTxt(name: string, value: string): Promise<void> {
    const zone = await this.zoneOf(name);
    const found = await this.all(
      `/zones/${zone}/dns_records?type=TXT&name=${encodeURIComponent(name)}`,
      name,
    );
    const own = found.filter(({ content }) => content === value || content === JSON.stringify(value));
    for (const { id } of own) {
      const answer = await this.call('DELETE', `/zones/${zone}/dns_records/${id}`, name);
      // Somebody else has removed it meanwhile.
      if (!answer.success && answer.status !== 404)
        throw refused(name, 'did not remove the TXT record', answer.errors);
    }
  }

  /** The closest enclosing zone that the token may see. */
  private async zoneOf(name: string, signal?: AbortSignal): Promise<string> {
    const known = this.zoneIds.get(name);
    if (known !== undefined) return known;
    for (const suffix of suffixesOf(name)) {
      const answer = await this.call('GET', `/zones?name=${encodeURIComponent(suffix)}`, name, { signal });
      if (!answer.success) throw refused(name, 'does not tell its zones', answer.errors);
      const zone = this.parsed(zones, answer.result).find((one) => one.name === suffix);
      if (!zone) continue;
      this.zoneIds.set(name, zone.id);
      return zone.id;
    }
    throw acmeRefused(`${name}: Cloudflare shows this token no zone for it`, 'slow', name);
  }

  /** @throws AppError ACME_UNAVAILABLE when it does not stand still: then a record might be missing from what was read */
  private async all(path: string, name: string): Promise<z.output<typeof records>> {
    for (let read = 1; read <= MAX_READS; read++) {
      const found = await this.readOnce(path, name);
      if (found) return found;
    }
    throw acmeUnavailable(`${name}: Cloudflare's list of its records changes all the time`);
  }

  /** Undefined when it changed between two pages: what moves to a page that was read already would be overlooked. */
  private async readOnce(path: string, name: string): Promise<z.output<typeof records> | undefined> {
    const found: z.output<typeof records> = [];
    let count: number | undefined;
    for (let page = 1; page <= MAX_PAGES; page++) {
      const answer = await this.call('GET', `${path}&per_page=100&page=${page}`, name);
      if (!answer.success) throw refused(name, 'does not tell its records', answer.errors);
      found.push(...this.parsed(records, answer.result));
      const { total_pages = 1, total_count } = answer.result_info ?? {};
      if (page > 1 && total_count !== count) return undefined;
      count = total_count;
      if (page >= total_pages) break;
    }
    return found;
  }

  private async call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    name: string,
    { body, signal }: { body?: object; signal?: AbortSignal | undefined } = {},
  ): Promise<z.output<typeof answered> & { status: number }> {
    const { apiToken, apiUrl = 'https://api.cloudflare.com/client/v4' } = this.options;
    const answer = await patiently(
      () =>
        this.http.send({
          method,
          url: `${apiUrl}${path}`,
          headers: {
            authorization: `Bearer ${apiToken}`,
            accept: 'application/json',
            ...(body && { 'content-type': 'application/json' }),
          },
          ...(body && { body: JSON.stringify(body) }),
          signal,
        }),
      { name: this.description, signal },
    );
    if (answer.status === 401 || answer.status === 403)
      throw acmeRefused(`${name}: Cloudflare does not accept the API token for this`, 'slow', name);
    return { ...this.parsed(answered, jsonOf(answer.body), answer), status: answer.status };
  }

  private parsed<T>(schema: z.ZodType<T>, value: unknown, answer?: ProviderAnswer): T {
    const { success, data } = schema.safeParse(value);
    if (success) return data;
    const status = answer ? ` (HTTP ${answer.status})` : '';
    throw acmeUnavailable(`Cloudflare's answer${status} cannot be used`);
  }
}

function refused(name: string, what: string, errors: readonly { code: number; message: string }[]) {
  const why = errors
    .slice(0, 3)
    .map(({ code, message }) => `${message.slice(0, 200)} (${code})`)
    .join('; ');
  return acmeRefused(`${name}: Cloudflare ${what}: ${why || 'no reason given'}`, 'slow', name);
}

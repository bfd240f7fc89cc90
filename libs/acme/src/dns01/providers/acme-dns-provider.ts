import { z } from 'zod';
import { acmeRefused, acmeUnavailable } from '../../acme-errors';
import type { DnsProvider } from '../dns-provider';
import { jsonOf } from './json-of';
import { ProviderHttp, type ProviderHttpOptions } from './provider-http';
import { patiently } from './provider-patience';

export interface AcmeDnsOptions extends Pick<ProviderHttpOptions, 'guard' | 'timeoutMs' | 'caPem'> {
  /** Of its API. */
  readonly url: string;
  /** As its `/register` has told. */
  readonly username: string;
  readonly password: string;
  readonly subdomain: string;
  /** Where the CNAME of a name has to lead. */
  readonly fullDomain: string;
}

const updated = z.object({ txt: z.string() });

/**
 * acme-dns (https://github.com/joohoi/acme-dns): a name server for this purpose alone, which a CNAME leads to. It keeps the
 * two newest values of an account and drops the one before, so that nothing is ever removed; wildcard and apex fit side by side.
 */
export class AcmeDnsProvider implements DnsProvider {
  readonly description = 'acme-dns';
  private readonly http: ProviderHttp;

  constructor(private readonly options: AcmeDnsOptions) {
    this.http = new ProviderHttp({ name: this.description, ...options });
  }

  async addTxt(name: string, value: string, signal?: AbortSignal): Promise<void> {
    const { url, username, password, subdomain, fullDomain } = this.options;
    if (name !== fullDomain.toLowerCase())
      throw acmeRefused(
        `${name} is not where acme-dns keeps its values: make it a CNAME to ${fullDomain}`,
        'slow',
        name,
      );
    const answer = await patiently(
      () =>
        this.http.send({
          method: 'POST',
          url: `${url.replace(/\/$/, '')}/update`,
          headers: { 'x-api-user': username, 'x-api-key': password, 'content-type': 'application/json' },
          body: JSON.stringify({ subdomain, txt: value }),
          signal,
        }),
      { name: this.description, signal },
    );
    if (answer.status === 401 || answer.status === 403)
      throw acmeRefused(`${name}: acme-dns does not accept the account`, 'slow', name);
    if (answer.status !== 200)
      throw acmeRefused(`${name}: acme-dns did not take the value (HTTP ${answer.status})`, 'slow', name);
    if (updated.safeParse(jsonOf(answer.body)).data?.txt !== value)
      throw acmeUnavailable("acme-dns's answer cannot be used");
  }

  removeTxt(): Promise<void> {
    return Promise.resolve();
  }
}

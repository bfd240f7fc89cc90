import { acmeRefused, type DnsProvider } from '@viw/acme';

export interface ZonedProviderOptions {
  /** For people. */
  readonly name: string;
  /** Where it may set records; none: wherever its credential reaches. */
  readonly zones: readonly string[];
  /** The certificate names this provider. Otherwise whoever has the name's DNS chooses by a CNAME where a record is set. */
  readonly named: boolean;
}

/**
 * A provider that sets records within its zones only, whatever its credential may, and, unless it was named, only those that
 * are there for proofs. A name's CNAME may change at any time, so this is asked at each change.
 */
export class ZonedProvider implements DnsProvider {
  readonly description: string;

  constructor(
    private readonly options: ZonedProviderOptions,
    private readonly deps: { readonly provider: DnsProvider },
  ) {
    this.description = deps.provider.description;
  }

  /** @throws AppError ACME_REFUSED outside; what the provider throws */
  async addTxt(record: string, value: string, signal?: AbortSignal): Promise<void> {
    this.#assertWithin(record);
    await this.deps.provider.addTxt(record, value, signal);
  }

  /** As `addTxt`. */
  async removeTxt(record: string, value: string): Promise<void> {
    this.#assertWithin(record);
    await this.deps.provider.removeTxt(record, value);
  }

  #assertWithin(record: string): void {
    const { name, zones, named } = this.options;
    if (zones.length > 0 && !zones.some((zone) => record === zone || record.endsWith(`.${zone}`)))
      throw acmeRefused(`${record} lies in no zone of the DNS provider ${name}`, 'slow', record);
    if (!named && !record.startsWith('_acme-challenge.'))
      throw acmeRefused(
        `a CNAME leads to ${record}, which is not there for proofs: let it lead to a name that begins with _acme-challenge, or name the DNS provider in the certificate`,
        'slow',
        record,
      );
  }
}

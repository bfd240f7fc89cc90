import { fullJitter, sleep } from '@viw/runtime';
import { acmeRefused, acmeUnavailable } from '../../acme-errors';
import type { DnsProvider } from '../dns-provider';
import { Overtaken, Route53Api, type Route53Options } from './route53-api';
import { changeBatch, type TxtSet } from './route53-change';
import { childrenOf, textAt, type XmlElement } from './route53-xml';
import { suffixesOf } from './suffixes-of';

export type { Route53Options } from './route53-api';

const API = '/2013-04-01';
const ZONE_ID = /^[A-Z0-9]{1,32}$/;
const CHANGE_ID = /^\/change\/([A-Z0-9]{1,32})$/;
const TTL_S = 60;
/** Several names, workers and programs may change one set at once; each round somebody gets on. */
const ROUNDS = 20;
const AGAIN = { baseMs: 100, capMs: 2_000 };
const MAX_PAGES = 20;

/** TXT records in public hosted zones of Route 53. A change counts when all of its name servers have it (INSYNC). */
export class Route53Provider implements DnsProvider {
  readonly description = 'Route 53';
  private readonly api: Route53Api;
  private readonly zoneIds = new Map<string, string>();

  constructor(private readonly options: Route53Options) {
    this.api = new Route53Api(options);
  }

  async addTxt(name: string, value: string, signal?: AbortSignal): Promise<void> {
    const text = `"${value}"`;
    const change = await this.change(
      name,
      (before) =>
        before?.values.includes(text)
          ? before
          : { name, ttl: before?.ttl ?? TTL_S, values: [...(before?.values ?? []), text] },
      signal,
    );
    if (change !== undefined) await this.inSync(change, name, signal);
  }

  /** Does not wait for INSYNC: nothing depends on it. */
  async removeTxt(name: string, value: string): Promise<void> {
    const text = `"${value}"`;
    await this.change(name, (before) => {
      if (!before?.values.includes(text)) return before;
      const values = before.values.filter((one) => one !== text);
      return values.length > 0 ? { ...before, values } : undefined;
    });
  }

  /** @returns path of the change; undefined when there was nothing to be changed */
  private async change(
    name: string,
    next: (before: TxtSet | undefined) => TxtSet | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const zone = await this.zoneOf(name, signal);
    for (let round = 0; round < ROUNDS; round++) {
      const before = await this.setOf(zone, name, signal);
      const after = next(before);
      if (after === before) return undefined;
      try {
        const answer = await this.api.call(
          { method: 'POST', path: `${API}/hostedzone/${zone}/rrset/`, body: changeBatch(before, after) },
          name,
          signal,
        );
        return CHANGE_ID.exec(textAt(answer, 'ChangeInfo', 'Id') ?? '')?.[1];
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        await sleep(20 + fullJitter(AGAIN, round), signal);
      }
    }
    throw acmeUnavailable(`${name}: Route 53 did not take the change: others change the record all the time`);
  }

  private async inSync(change: string, name: string, signal?: AbortSignal): Promise<void> {
    const { insyncMs = 120_000, pollMs = 2_000 } = this.options;
    const deadline = performance.now() + insyncMs;
    for (;;) {
      const answer = await this.api.call({ method: 'GET', path: `${API}/change/${change}` }, name, signal);
      if (textAt(answer, 'ChangeInfo', 'Status') === 'INSYNC') return;
      if (performance.now() + pollMs > deadline)
        throw acmeUnavailable(`${name}: the change at Route 53 is not in service after ${insyncMs} ms`);
      await sleep(pollMs, signal);
    }
  }

  private async setOf(zone: string, name: string, signal?: AbortSignal): Promise<TxtSet | undefined> {
    const path = `${API}/hostedzone/${zone}/rrset?maxitems=1&name=${encodeURIComponent(name)}&type=TXT`;
    const answer = await this.api.call({ method: 'GET', path }, name, signal);
    const set = childrenOf(childrenOf(answer, 'ResourceRecordSets')[0], 'ResourceRecordSet')[0];
    if (bare(textAt(set, 'Name')) !== name || textAt(set, 'Type') !== 'TXT') return undefined;
    const values = childrenOf(childrenOf(set, 'ResourceRecords')[0], 'ResourceRecord').flatMap(
      (record) => textAt(record, 'Value') ?? [],
    );
    if (textAt(set, 'SetIdentifier') !== undefined || values.length === 0)
      throw acmeRefused(
        `${name}: its TXT record at Route 53 has a routing policy, which viw does not touch`,
        'slow',
        name,
      );
    return { name: textAt(set, 'Name') ?? name, ttl: Number(textAt(set, 'TTL')), values };
  }

  /** The closest enclosing public zone. */
  private async zoneOf(name: string, signal?: AbortSignal): Promise<string> {
    const known = this.options.hostedZoneId ?? this.zoneIds.get(name);
    if (known !== undefined) return known;
    for (const suffix of suffixesOf(name)) {
      const [zone, another] = await this.publicZones(suffix, name, signal);
      if (another !== undefined)
        throw acmeRefused(
          `${name}: there are several public zones ${suffix} at Route 53: say which by its id`,
          'slow',
          name,
        );
      if (zone === undefined) continue;
      this.zoneIds.set(name, zone);
      return zone;
    }
    throw acmeRefused(`${name}: Route 53 has no public hosted zone for it`, 'slow', name);
  }

  /** Zones are listed by name from the one asked for; private ones of the same name may come before it. */
  private async publicZones(suffix: string, about: string, signal?: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    let from = `dnsname=${encodeURIComponent(suffix)}`;
    for (let page = 0; page < MAX_PAGES; page++) {
      const path = `${API}/hostedzonesbyname?${from}&maxitems=100`;
      const answer = await this.api.call({ method: 'GET', path }, about, signal);
      const zones = childrenOf(childrenOf(answer, 'HostedZones')[0], 'HostedZone');
      found.push(...zones.filter((zone) => isPublic(zone, suffix)).flatMap(idOf));
      const next = textAt(answer, 'NextHostedZoneId');
      if (textAt(answer, 'IsTruncated') !== 'true' || bare(textAt(answer, 'NextDNSName')) !== suffix) break;
      if (next === undefined || !ZONE_ID.test(next)) break;
      from = `dnsname=${encodeURIComponent(suffix)}&hostedzoneid=${next}`;
    }
    return found;
  }
}

const bare = (name: string | undefined): string | undefined => name?.toLowerCase().replace(/\.$/, '');
const isPublic = (zone: XmlElement, name: string): boolean =>
  bare(textAt(zone, 'Name')) === name && textAt(zone, 'Config', 'PrivateZone') !== 'true';
function idOf(zone: XmlElement): string[] {
  const id = textAt(zone, 'Id')?.replace('/hostedzone/', '') ?? '';
  return ZONE_ID.test(id) ? [id] : [];
}

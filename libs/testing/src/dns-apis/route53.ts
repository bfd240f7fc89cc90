import { randomBytes } from 'node:crypto';
import {
  type ApiAnswer,
  type ApiRequest,
  type ApiServer,
  type RecordFeed,
  startApiServer,
} from './api-server';
import { type AwsCredential, awsObjection } from './aws-signature';
import {
  changesIn,
  document,
  problem,
  recordSetXml,
  unquoted,
  zoneXml,
  type RecordSet,
} from './route53-documents';

export interface Route53Zone {
  readonly id: string;
  /** Without the final dot. */
  readonly name: string;
  readonly private?: boolean;
}

export interface Route53Options extends AwsCredential {
  readonly zones: readonly Route53Zone[];
  readonly feed: RecordFeed;
  /** How long a change is PENDING; until then DNS shows nothing of it. Milliseconds, 30 by default. */
  readonly pendingMs?: number;
  /** Most zones of one page, whatever is asked for. */
  readonly pageSize?: number;
}

export interface Route53 extends ApiServer {
  /** Values of a TXT set as they stand there. */
  values(name: string): readonly string[];
}

const byLabels = (name: string): string => name.split('.').toReversed().join('.');

/**
 * Route 53's API of 2013-04-01 as its documentation has it (https://docs.aws.amazon.com/Route53/latest/APIReference/): signed
 * requests, zones by name in pages, record sets that are replaced as a whole, batches that are done as a whole, PENDING.
 */
export async function startRoute53(options: Route53Options): Promise<Route53> {
  const { zones, feed, pendingMs = 30, pageSize = 100 } = options;
  const sets = new Map<string, RecordSet>();
  const changes = new Map<string, 'PENDING' | 'INSYNC'>();
  const keyOf = (zone: string, { name, type }: Pick<RecordSet, 'name' | 'type'>) => `${zone} ${name} ${type}`;
  const under = new Set<NodeJS.Timeout>();

  const show = async (before: RecordSet | undefined, after: RecordSet | undefined): Promise<void> => {
    const [was, is] = [before?.values ?? [], after?.values ?? []];
    const name = (before ?? after)?.name ?? '';
    for (const value of was.filter((one) => !is.includes(one))) await feed.remove(name, unquoted(value));
    for (const value of is.filter((one) => !was.includes(one))) await feed.add(name, unquoted(value));
  };
  const take = (zone: Route53Zone, body: string): ApiAnswer => {
    const next = new Map(sets);
    const touched = new Set<string>();
    for (const { action, set } of changesIn(body)) {
      const key = keyOf(zone.id, set);
      const there = next.get(key);
      if (set.name !== zone.name && !set.name.endsWith(`.${zone.name}`))
        return problem(
          'InvalidChangeBatch',
          `RRSet with DNS name ${set.name}. is not permitted in zone ${zone.name}.`,
        );
      if (action === 'CREATE' && there)
        return problem(
          'InvalidChangeBatch',
          `Tried to create resource record set [name='${set.name}.', type='TXT'] but it already exists`,
        );
      const same =
        there?.ttl === set.ttl &&
        JSON.stringify(there.values.toSorted()) === JSON.stringify(set.values.toSorted());
      if (action === 'DELETE' && !same)
        return problem(
          'InvalidChangeBatch',
          `Tried to delete resource record set [name='${set.name}.', type='TXT'] but the values provided do not match the current values`,
        );
      if (action === 'DELETE') next.delete(key);
      else next.set(key, set);
      touched.add(key);
    }
    const news = [...touched].map((key) => [sets.get(key), next.get(key)] as const);
    sets.clear();
    for (const [key, set] of next) sets.set(key, set);
    const id = `C${randomBytes(8).toString('hex').toUpperCase()}`;
    changes.set(id, 'PENDING');
    const timer = setTimeout(() => {
      under.delete(timer);
      void Promise.allSettled(news.map(([before, after]) => show(before, after))).then(() =>
        changes.set(id, 'INSYNC'),
      );
    }, pendingMs);
    under.add(timer);
    return document('ChangeResourceRecordSetsResponse', changeXml(id, 'PENDING'));
  };
  const zonesByName = (query: URLSearchParams): ApiAnswer => {
    const from = byLabels(query.get('dnsname') ?? '');
    const fromId = query.get('hostedzoneid') ?? '';
    const sorted = zones
      .toSorted((a, b) => (byLabels(a.name) + a.id < byLabels(b.name) + b.id ? -1 : 1))
      .filter(({ name, id }) => byLabels(name) > from || (byLabels(name) === from && id >= fromId));
    const most = Math.min(Number(query.get('maxitems') ?? 100), pageSize);
    const next = sorted[most];
    const more = next
      ? `<NextDNSName>${next.name}.</NextDNSName><NextHostedZoneId>${next.id}</NextHostedZoneId>`
      : '';
    const shown = sorted.slice(0, most).map(zoneXml).join('');
    return document(
      'ListHostedZonesByNameResponse',
      `<HostedZones>${shown}</HostedZones><IsTruncated>${next !== undefined}</IsTruncated>${more}<MaxItems>${most}</MaxItems>`,
    );
  };
  const list = (zone: Route53Zone, query: URLSearchParams): ApiAnswer => {
    const from = `${byLabels(query.get('name') ?? '')} ${query.get('type') ?? ''}`;
    const sorted = [...sets]
      .filter(([key]) => key.startsWith(`${zone.id} `))
      .map(([, set]) => set)
      .filter((set) => `${byLabels(set.name)} ${set.type}` >= from)
      .toSorted((a, b) => (byLabels(a.name) < byLabels(b.name) ? -1 : 1));
    const most = Number(query.get('maxitems') ?? 300);
    return document(
      'ListResourceRecordSetsResponse',
      `<ResourceRecordSets>${sorted.slice(0, most).map(recordSetXml).join('')}</ResourceRecordSets><IsTruncated>${sorted.length > most}</IsTruncated>`,
    );
  };
  const answer = (request: ApiRequest): ApiAnswer => {
    const objection = awsObjection(request, options, 'route53');
    if (objection !== undefined)
      return problem(
        objection,
        'The request is not authentic: '.concat(request.headers.authorization ?? ''),
        403,
      );
    const { method, path, query, body } = request;
    if (method === 'GET' && path === '/2013-04-01/hostedzonesbyname') return zonesByName(query);
    const [, changeId] = /^\/2013-04-01\/change\/(\w+)$/.exec(path) ?? [];
    const state = changes.get(changeId ?? '');
    if (changeId !== undefined && state) return document('GetChangeResponse', changeXml(changeId, state));
    const [, zoneId] = /^\/2013-04-01\/hostedzone\/(\w+)\/rrset\/?$/.exec(path) ?? [];
    const zone = zones.find(({ id }) => id === zoneId);
    if (!zone) return problem('NoSuchHostedZone', `No hosted zone found with ID: ${zoneId}`, 404);
    return method === 'POST' ? take(zone, body) : list(zone, query);
  };
  const server = await startApiServer(async (request) => answer(request));
  return {
    ...server,
    values: (name: string) => [...sets.values()].find((set) => set.name === name)?.values ?? [],
    stop: async () => {
      for (const timer of under) clearTimeout(timer);
      await server.stop();
    },
  };
}

const changeXml = (id: string, status: string): string =>
  `<ChangeInfo><Id>/change/${id}</Id><Status>${status}</Status><SubmittedAt>${new Date().toISOString()}</SubmittedAt></ChangeInfo>`;

import { randomBytes } from 'node:crypto';
import {
  type ApiAnswer,
  type ApiRequest,
  type ApiServer,
  type RecordFeed,
  startApiServer,
} from './api-server';

export interface CloudflareOptions {
  readonly token: string;
  /** Zones that the token sees; `read`: it may not change them. */
  readonly zones: Readonly<Record<string, 'edit' | 'read'>>;
  readonly feed: RecordFeed;
  /** Most entries of one page, whatever is asked for; 100 by default. */
  readonly pageSize?: number;
}

interface ZoneRecord {
  readonly id: string;
  readonly zone: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly ttl: number;
}

export interface Cloudflare extends ApiServer {
  /** What it holds now. */
  readonly records: readonly ZoneRecord[];
}

type Failure = readonly [status: number, code: number, message: string];

const id = (): string => randomBytes(16).toString('hex');
const bare = (content: string): string => content.replace(/^"(.*)"$/, '$1');

/**
 * Cloudflare's API as its documentation has it, for zones and DNS records (https://developers.cloudflare.com/api/): bearer
 * tokens, pages, identical records refused, error codes. What it is told becomes visible through the feed.
 */
export async function startCloudflare({
  token,
  zones,
  feed,
  pageSize = 100,
}: CloudflareOptions): Promise<Cloudflare> {
  const known = Object.entries(zones).map(([name, right]) => ({ id: id(), name, right }));
  const records: ZoneRecord[] = [];

  const create = async (zone: (typeof known)[number], body: Record<string, unknown>): Promise<ApiAnswer> => {
    const { type, name, content, ttl } = body;
    if (type !== 'TXT' || typeof name !== 'string' || typeof content !== 'string')
      return failed([400, 9005, 'Content for TXT record is invalid.']);
    if (typeof ttl !== 'number' || (ttl !== 1 && (ttl < 60 || ttl > 86_400)))
      return failed([400, 9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.']);
    if (name !== zone.name && !name.endsWith(`.${zone.name}`))
      return failed([400, 9000, 'DNS name is invalid.']);
    if (records.some((one) => one.name === name && bare(one.content) === bare(content)))
      return failed([400, 81_058, 'An identical record already exists.']);
    const record = { id: id(), zone: zone.id, type, name, content, ttl };
    records.push(record);
    await feed.add(name, bare(content));
    return succeeded(record);
  };
  const remove = async (recordId: string): Promise<ApiAnswer> => {
    const at = records.findIndex((one) => one.id === recordId);
    const [gone] = at < 0 ? [] : records.splice(at, 1);
    if (!gone) return failed([404, 81_044, 'Record does not exist.']);
    await feed.remove(gone.name, bare(gone.content));
    return succeeded({ id: gone.id });
  };

  const answer = async (request: ApiRequest): Promise<ApiAnswer> => {
    const { method, path, query, headers } = request;
    if (!/^Bearer \S+$/.test(headers.authorization ?? ''))
      return failed([400, 6003, 'Invalid request headers']);
    if (headers.authorization !== `Bearer ${token}`) return failed([403, 9109, 'Invalid access token']);
    if (method === 'GET' && path === '/zones')
      return paged(
        known.filter(({ name }) => [null, name].includes(query.get('name'))),
        query,
        pageSize,
      );
    const [, zoneId, recordId] = /^\/zones\/([0-9a-f]+)\/dns_records(?:\/([0-9a-f]+))?$/.exec(path) ?? [];
    const zone = known.find((one) => one.id === zoneId);
    if (!zone) return failed([404, 7003, 'Could not route, perhaps your object identifier is invalid?']);
    if (method === 'GET') {
      const fits = (one: ZoneRecord): boolean =>
        one.zone === zone.id &&
        [null, one.type].includes(query.get('type')) &&
        [null, one.name].includes(query.get('name'));
      return paged(records.filter(fits), query, pageSize);
    }
    if (zone.right === 'read') return failed([403, 10_000, 'Authentication error']);
    if (method === 'DELETE' && recordId !== undefined) return remove(recordId);
    if (method === 'POST') return create(zone, JSON.parse(request.body) as Record<string, unknown>);
    return failed([405, 10_405, 'Method not allowed']);
  };
  return Object.assign(await startApiServer(answer), { records });
}

const wrapped = (status: number, members: object): ApiAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ success: status < 400, errors: [], messages: [], result: null, ...members }),
});
const succeeded = (result: object): ApiAnswer => wrapped(200, { result });
const failed = ([status, code, message]: Failure): ApiAnswer =>
  wrapped(status, { errors: [{ code, message }] });

function paged(all: readonly object[], query: URLSearchParams, most: number): ApiAnswer {
  const page = Number(query.get('page') ?? 1);
  const per = Math.min(Number(query.get('per_page') ?? 20), most);
  const result = all.slice((page - 1) * per, page * per);
  const total = Math.ceil(all.length / per);
  return wrapped(200, {
    result,
    result_info: { page, per_page: per, count: result.length, total_count: all.length, total_pages: total },
  });
}

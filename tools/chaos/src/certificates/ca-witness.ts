import { readFile } from 'node:fs/promises';
import type { AcmeAnswer, AcmeFault, AcmeRequest } from '@viw/testing';
import type { CaResource } from './points';

/** A resource of the CA, and the name for which it was made. */
export interface Known {
  readonly site: string;
  readonly resource: CaResource;
}

/** What the CA has done, by its own log. */
export interface CaRecord {
  /** Ids of orders. */
  readonly orders: readonly string[];
  readonly issued: readonly { readonly orderId: string; readonly serial: string }[];
}

/** Learns from the answers of the CA whose each resource is: all links of an order lead back to the name it was for. */
export class CaWitness implements AcmeFault {
  readonly #known = new Map<string, Known>();
  /** Order id → name. */
  readonly orders = new Map<string, string>();
  /** Ids of orders that somebody went on with after they were made. */
  readonly begun = new Set<string>();
  /** Path of an order or of one of its parts → the order's id. */
  readonly #orderOf = new Map<string, string>();
  /** Of challenges, by name. */
  readonly tokens = new Map<string, Set<string>>();

  constructor(private readonly options: { readonly logFile: string }) {}

  knownOf({ path }: AcmeRequest): Known | undefined {
    return this.#known.get(path);
  }

  change(request: AcmeRequest, answer: AcmeAnswer): AcmeAnswer {
    if (answer.status >= 300) return answer;
    const body = jsonOf(answer);
    const site = namedIn(request) ?? this.#known.get(request.path)?.site;
    if (body === undefined || site === undefined) return answer;
    const order = this.#orderOf.get(request.path);
    if (order !== undefined) this.begun.add(order);
    const { location } = answer.headers;
    if (answer.status === 201 && location !== undefined && body['finalize'] !== undefined) {
      this.orders.set(idOf(location), site);
      this.#learn(location, site, 'order');
      for (const url of [location, body['finalize'], ...list(body['authorizations'])])
        this.#orderOf.set(new URL(String(url)).pathname, idOf(location));
    }
    for (const url of list(body['authorizations'])) this.#learn(url, site, 'authorization');
    this.#learn(body['finalize'], site, 'finalize');
    this.#learn(body['certificate'], site, 'certificate');
    for (const challenge of list(body['challenges']) as { url?: unknown; token?: unknown }[]) {
      this.#learn(challenge.url, site, 'challenge');
      if (typeof challenge.token === 'string')
        this.tokens.set(site, (this.tokens.get(site) ?? new Set()).add(challenge.token));
    }
    return answer;
  }

  /** The CA's own account of what it has made. */
  async record(): Promise<CaRecord> {
    const log = await readFile(this.options.logFile, 'utf8');
    return {
      orders: Array.from(log.matchAll(/Added order "([^"]+)" to the db/g), (match) => match[1] ?? ''),
      issued: Array.from(log.matchAll(/Issued certificate serial (\S+) for order (\S+)/g), (match) => ({
        serial: match[1] ?? '',
        orderId: match[2] ?? '',
      })),
    };
  }

  #learn(url: unknown, site: string, resource: CaResource): void {
    if (typeof url === 'string') this.#known.set(new URL(url).pathname, { site, resource });
  }
}

const idOf = (orderUrl: string): string => orderUrl.slice(orderUrl.lastIndexOf('/') + 1);

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Of a new order. */
function namedIn({ payload }: AcmeRequest): string | undefined {
  const [first] = list(payload?.['identifiers']) as { value?: unknown }[];
  return typeof first?.value === 'string' ? first.value : undefined;
}

function jsonOf({ body }: AcmeAnswer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

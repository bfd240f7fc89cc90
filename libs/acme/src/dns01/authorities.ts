import { Resolver } from 'node:dns/promises';
import { AppError } from '@viw/runtime';
import { acmeRefused } from '../acme-errors';
import { canonicalName } from '../identifiers';
import type { OutboundGuard } from '../outbound-guard';

export interface AuthoritiesOptions {
  /** `address` or `address:port` of recursive resolvers; the system's by default. */
  resolvers?: readonly string[];
  /** Where authoritative servers answer; 53 in the world. */
  authorityPort?: number;
  /**
   * MUST be given where names come from outside: whoever has a zone says in it where its servers are. Those at addresses that it refuses
   * are not asked. Without it, all are.
   */
  guard?: Pick<OutboundGuard, 'assertHost'> | undefined;
  /** Addresses that are asked whatever the guard says. */
  trusted?: readonly string[];
}

/** What one authoritative server shows. */
export interface Shown {
  /** `ns1.example.org (192.0.2.1)` */
  server: string;
  /** Undefined: it does not answer. */
  values: string[] | undefined;
}

const MAX_CNAMES = 8;
const QUERY = { timeout: 2_000, tries: 2 };

/** Asks DNS the way a CA does: along CNAMEs to the zone, then each of its servers itself, past every cache. */
export class Authorities {
  constructor(private readonly options: AuthoritiesOptions = {}) {}

  /** Where the CNAMEs of a name lead; the name itself without any. @throws Error for a chain without end */
  async follow(name: string): Promise<string> {
    let target = name.toLowerCase();
    for (let step = 0; step < MAX_CNAMES; step++) {
      const [next] = await this.recursive()
        .resolveCname(target)
        .catch((error: unknown) => absent(error, [] as string[]));
      if (next === undefined) return target;
      target = next.toLowerCase();
    }
    throw new Error(`the CNAMEs of ${name} do not end`);
  }

  /**
   * TXT values of a name at every address, where viw may go, of every server of its zone.
   * @throws Error when the zone cannot be found; AppError ACME_REFUSED when none of its servers may be asked
   */
  async txtEverywhere(name: string): Promise<Shown[]> {
    const servers = await this.serversOf(name);
    return Promise.all(
      servers.map(async ({ host, address }) => ({
        server: `${host} (${address})`,
        values: await this.at(address)
          .resolveTxt(name)
          .then((records) => records.map((parts) => parts.join('')))
          .catch((error: unknown) => absent(error, [] as string[], true)),
      })),
    );
  }

  private async serversOf(name: string): Promise<{ host: string; address: string }[]> {
    const resolver = this.recursive();
    const labels = name.split('.');
    for (let from = 0; from < labels.length; from++) {
      const zone = labels.slice(from).join('.');
      const hosts = await resolver.resolveNs(zone).catch((error: unknown) => absent(error, [] as string[]));
      if (!hosts || hosts.length === 0) continue;
      const found = await Promise.all(
        hosts.map(async (host) => {
          const lists = await Promise.all([
            resolver.resolve4(host).catch(() => []),
            resolver.resolve6(host).catch(() => []),
          ]);
          return lists.flat().map((address) => ({ host, address }));
        }),
      );
      if (found.flat().length > 0) return this.askable(zone, found.flat());
    }
    throw new Error(`no authoritative server of ${name} can be found`);
  }

  private askable<T extends { address: string }>(zone: string, servers: T[]): T[] {
    const { guard } = this.options;
    const trusted = new Set(this.options.trusted?.map(canonicalName));
    let refusal: AppError | undefined;
    const askable = servers.filter(({ address }) => {
      if (trusted.has(canonicalName(address))) return true;
      try {
        guard?.assertHost(address);
        return true;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        refusal = error;
        return false;
      }
    });
    if (askable.length === 0 && refusal)
      throw acmeRefused(`no name server of ${zone} may be asked: ${refusal.message}`, 'slow');
    return askable;
  }

  private recursive(): Resolver {
    const resolver = new Resolver(QUERY);
    if (this.options.resolvers && this.options.resolvers.length > 0)
      resolver.setServers(this.options.resolvers);
    return resolver;
  }

  /** A new one for each question: nothing is remembered. */
  private at(address: string): Resolver {
    const resolver = new Resolver(QUERY);
    const { authorityPort = 53 } = this.options;
    resolver.setServers([
      address.includes(':') ? `[${address}]:${authorityPort}` : `${address}:${authorityPort}`,
    ]);
    return resolver;
  }
}

const SILENT = new Set(['ETIMEOUT', 'ECONNREFUSED', 'EREFUSED', 'ESERVFAIL', 'ENETUNREACH', 'EHOSTUNREACH']);
const NOTHING = new Set(['ENODATA', 'ENOTFOUND']);

/** What "there is none" means; a server that cannot answer is undefined where the caller wants to know. */
function absent<T>(error: unknown, none: T): T;
function absent<T>(error: unknown, none: T, silent: true): T | undefined;
function absent<T>(error: unknown, none: T, silent = false): T | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (NOTHING.has(code)) return none;
  if (silent && SILENT.has(code)) return undefined;
  throw error;
}

import { promises as dns } from 'node:dns';
import { isIP, isIPv4 } from 'node:net';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError } from './errors';
import { TrustedProxies } from './trusted-proxies';

/** Of one machine or one link, or of nobody: no network that is allowed holds them. */
const NEVER = ['unspecified', 'linkLocal', 'multicast', 'broadcast'];
/** Of IPv6 nothing else is the public Internet. https://www.iana.org/assignments/ipv6-address-space/ */
const PUBLIC6 = ipaddr.parseCIDR('2000::/3');

/**
 * What kind of address it is, as IANA's registries of special addresses have it (through ipaddr.js). IPv4 written as IPv6 counts as
 * what it is; what carries IPv4 otherwise (NAT64, 6to4, Teredo) is a kind of its own, and none of them is `public`.
 */
function kindOf(address: string): string {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (range !== 'unicast') return range;
  return parsed instanceof ipaddr.IPv4 || parsed.match(PUBLIC6) ? 'public' : 'reserved';
}

/** @param network as `isNetwork` accepts it */
export function isLoopbackNetwork(network: string): boolean {
  const [address = '', prefix] = network.split('/');
  return kindOf(address) === 'loopback' && Number(prefix ?? 128) >= (isIPv4(address) ? 8 : 128);
}

export interface ReachableAddressesOptions {
  /**
   * Networks beside the public Internet; each as `isNetwork` accepts it. An address of this machine is reachable only by a network
   * that has no others (127.0.0.0/8 or less, ::1), one of the link, of a group or of nobody by none.
   */
  readonly privateNetworks: readonly string[];
  /** The setting that lists them: refusals name it. */
  readonly setting: string;
}

/** @returns the addresses of a name; none when it has none */
export type ResolveAddresses = (name: string) => Promise<string[]>;

export interface ReachableAddressesDeps {
  /** Default: DNS alone, which takes none of the threads that file access and the like need. */
  readonly resolve?: ResolveAddresses;
}

/** Where outgoing calls may lead: what people enter as an address must not become a way into the network of the caller. */
export class ReachableAddresses {
  readonly #setting: string;
  readonly #loopback: TrustedProxies;
  readonly #others: TrustedProxies;
  readonly #resolve: ResolveAddresses;

  constructor(
    { privateNetworks, setting }: ReachableAddressesOptions,
    { resolve = resolveByDns }: ReachableAddressesDeps = {},
  ) {
    this.#setting = setting;
    this.#loopback = new TrustedProxies({ networks: privateNetworks.filter(isLoopbackNetwork) });
    this.#others = new TrustedProxies({ networks: privateNetworks });
    this.#resolve = resolve;
  }

  has(address: string): boolean {
    if (isIP(address) === 0 || address.includes('%')) return false;
    const plain = ipaddr.process(address).toString();
    const kind = kindOf(plain);
    if (kind === 'public') return true;
    if (kind === 'loopback') return this.#loopback.has(plain);
    return !NEVER.includes(kind) && this.#others.has(plain);
  }

  /** For a host that is an address: no name is looked up then. @throws AppError FORBIDDEN */
  assertHost(host: string): void {
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0 && !this.has(address)) throw this.#refusal();
  }

  /** For `connect`: the connection goes to an address that this has found, so that no later answer of DNS counts. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#reachable(name).then(
      (found) => {
        const [first] = found;
        if (options.all === true) callback(null, found);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: Error) => callback(error, []),
    );
  };

  async #reachable(name: string): Promise<{ address: string; family: number }[]> {
    const addresses = await this.#resolve(name);
    const reachable = addresses.filter((address) => this.has(address));
    if (reachable.length > 0) return reachable.map((address) => ({ address, family: isIP(address) }));
    throw addresses.length > 0 ? this.#refusal() : new AppError('NOT_FOUND', 'the name has no address');
  }

  #refusal(): AppError {
    return new AppError(
      'FORBIDDEN',
      `the address is not public, and ${this.#setting} does not allow its network`,
    );
  }
}

const resolveByDns: ResolveAddresses = async (name) => {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
};

/** As the system does it: its hosts file and search domains count as well. */
export const resolveBySystem: ResolveAddresses = async (name) => {
  try {
    return (await dns.lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
};

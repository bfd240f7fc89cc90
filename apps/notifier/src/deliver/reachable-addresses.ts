import { promises as dns } from 'node:dns';
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { LookupFunction } from 'node:net';
import { AppError, TrustedProxies, plainAddress } from '@viw/runtime';

/** IPv4 that is not the public Internet. https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only 2000::/3 is, without what carries other addresses in it. https://www.iana.org/assignments/iana-ipv6-special-registry/ */
const public6 = '2000::/3';
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const blockListOf = (networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
};
const refused4 = blockListOf(special4, 'ipv4');
const allowed6 = blockListOf([public6], 'ipv6');
const refused6 = blockListOf(special6, 'ipv6');

function isPublic(address: string): boolean {
  if (isIPv4(address)) return !refused4.check(address, 'ipv4');
  return allowed6.check(address, 'ipv6') && !refused6.check(address, 'ipv6');
}

export interface ReachableAddressesOptions {
  /** Networks beside the public Internet; each as `isNetwork` accepts it. */
  readonly privateNetworks: readonly string[];
}

export interface ReachableAddressesDeps {
  /** Addresses of a name. Default: DNS, which takes none of the threads that file access and the like need. */
  readonly resolve?: (name: string) => Promise<string[]>;
}

/** Where webhooks may lead: what people enter as a URL must not become a way into the network of the notifier. */
export class ReachableAddresses {
  readonly #allowed: TrustedProxies;
  readonly #resolve: (name: string) => Promise<string[]>;

  constructor(
    { privateNetworks }: ReachableAddressesOptions,
    { resolve = resolveByDns }: ReachableAddressesDeps = {},
  ) {
    this.#allowed = new TrustedProxies({ networks: privateNetworks });
    this.#resolve = resolve;
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && (isPublic(plain) || this.#allowed.has(plain));
  }

  /** For a host that is an address: no name is looked up then. @throws AppError FORBIDDEN */
  assertHost(host: string): void {
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0 && !this.has(address)) throw refusal();
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
    throw addresses.length > 0 ? refusal() : new AppError('NOT_FOUND', 'the name has no address');
  }
}

const refusal = (): AppError =>
  new AppError('FORBIDDEN', 'the address is not public, and no setting allows its network');

async function resolveByDns(name: string): Promise<string[]> {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

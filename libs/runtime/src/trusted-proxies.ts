import { BlockList, isIP, isIPv4 } from 'node:net';

/** `address` or `address/prefix length`, IPv4 or IPv6. A prefix of 0 is none: nobody trusts the whole Internet. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 0 ? 0 : isIPv4(address) ? 32 : 128;
  if (bits === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits);
}

/** The parts of a network that `isNetwork` accepts. */
function partsOf(network: string) {
  const [address = '', prefix] = network.split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  return { address, prefix: Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family } as const;
}

/** Whether an address is in both: then the larger network holds the smaller one. */
export function networksOverlap(one: string, other: string): boolean {
  const [larger, smaller] = [partsOf(one), partsOf(other)].sort((a, b) => a.prefix - b.prefix);
  if (!larger || !smaller) return false;
  const addresses = new BlockList();
  addresses.addSubnet(larger.address, larger.prefix, larger.family);
  return addresses.check(smaller.address, smaller.family);
}

/** An IPv4 peer of a socket that listens on both families shows as `::ffff:192.0.2.1`. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** The proxies whose word about a request counts. What anybody else says about itself is not believed. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  /** @param networks each as `isNetwork` accepts it */
  constructor({ networks }: { networks: readonly string[] }) {
    for (const network of networks) {
      const { address, prefix, family } = partsOf(network);
      this.#networks.addSubnet(address, prefix, family);
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && this.#networks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  }

  /**
   * Who sent the request: the peer, or, as far as trusted proxies stand in between, the last address in
   * `X-Forwarded-For` that is none of them. Each proxy appends the address it saw, so what stands before that one is hearsay.
   */
  client(peer: string, forwardedFor: string | undefined): string {
    let client = plainAddress(peer);
    const hops = (forwardedFor ?? '').split(',').map((hop) => plainAddress(hop.trim()));
    while (this.has(client)) {
      const hop = hops.pop();
      if (hop === undefined || isIP(hop) === 0) return client;
      client = hop;
    }
    return client;
  }
}

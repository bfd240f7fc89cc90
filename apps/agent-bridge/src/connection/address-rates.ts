import { TokenBucket } from './token-bucket';

/** Enough for a fleet behind addresses of its own; a few megabytes. */
export const rememberedAddresses = 10_000;

export interface AddressRatesOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Addresses remembered at least; twice as many at most. */
  readonly addresses: number;
}

/**
 * One token bucket per source address, in bounded memory. Addresses live in two generations: when the younger one is
 * full it becomes the older one and the older one is forgotten, so that an address in use is never forgotten. IPv6
 * addresses count by their /64: that much belongs to one host (RFC 7421).
 */
export class AddressRates {
  readonly #options: AddressRatesOptions;
  #young = new Map<string, TokenBucket>();
  #old = new Map<string, TokenBucket>();

  constructor(options: AddressRatesOptions) {
    this.#options = options;
  }

  /** Addresses in memory. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** @param now milliseconds of any clock that does not go backwards */
  take(address: string, now: number): boolean {
    const key = address.includes(':') ? networkOf(address) : address;
    return this.#bucket(key, now).take(now);
  }

  #bucket(key: string, now: number): TokenBucket {
    const known = this.#young.get(key);
    if (known) return known;
    const bucket = this.#old.get(key) ?? new TokenBucket(this.#options, now);
    this.#old.delete(key);
    if (this.#young.size >= this.#options.addresses) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, bucket);
    return bucket;
  }
}

/** The /64 of an IPv6 address as the kernel prints it; an IPv4-mapped one stays whole. */
function networkOf(address: string): string {
  if (address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0'), ...after);
  }
  return groups.slice(0, 4).join(':');
}

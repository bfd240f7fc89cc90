import { sourceNetwork } from '@viw/runtime';
import { TokenBucket } from './token-bucket';

/** Enough for a fleet behind addresses of its own; a few megabytes. */
const REMEMBERED_ADDRESSES = 10_000;

export interface AddressRatesOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Addresses remembered at least; twice as many at most. Default: 10,000. */
  readonly addresses?: number;
}

/**
 * One token bucket per source address, in bounded memory. Addresses live in two generations: when the younger one is
 * full it becomes the older one and the older one is forgotten, so that an address in use is never forgotten. IPv6
 * addresses count by their /64.
 */
export class AddressRates {
  readonly #options: AddressRatesOptions;
  readonly #addresses: number;
  #young = new Map<string, TokenBucket>();
  #old = new Map<string, TokenBucket>();

  constructor(options: AddressRatesOptions) {
    this.#options = options;
    this.#addresses = options.addresses ?? REMEMBERED_ADDRESSES;
  }

  /** Addresses in memory. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** @param now milliseconds of any clock that does not go backwards */
  take(address: string, now: number): boolean {
    return this.#bucket(sourceNetwork(address), now).take(now);
  }

  /** Whether `take` would let one through. An address that is only asked about is not remembered. */
  hasLeft(address: string, now: number): boolean {
    const key = sourceNetwork(address);
    return (this.#young.get(key) ?? this.#old.get(key))?.hasLeft(now) ?? true;
  }

  #bucket(key: string, now: number): TokenBucket {
    const known = this.#young.get(key);
    if (known) return known;
    const bucket = this.#old.get(key) ?? new TokenBucket(this.#options, now);
    this.#old.delete(key);
    if (this.#young.size >= this.#addresses) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, bucket);
    return bucket;
  }
}

import type { LookupFunction } from 'node:net';
import { AppError, ReachableAddresses, isLoopback, resolveBySystem } from '@viw/runtime';

export interface OutboundGuardOptions {
  /** Networks beside the public Internet, as `ReachableAddresses` takes them. */
  readonly privateNetworks: readonly string[];
  /** The setting that lists them: refusals name it. */
  readonly setting: string;
  /** Addresses of this machine may be asked, and by plain HTTP. Never by default: what listens there trusts its neighbours. */
  readonly loopback: boolean;
}

/** Whom viw may ask at an address that came in by the API: only HTTPS, and nobody who takes this machine for his neighbour. */
export class OutboundGuard {
  readonly #addresses: ReachableAddresses;
  readonly #loopback: boolean;
  /** MUST be the one of the connection: it leads a name only where `assertHost` would let an address lead. */
  readonly lookup: LookupFunction;

  constructor({ privateNetworks, setting, loopback }: OutboundGuardOptions) {
    const networks = loopback ? [...privateNetworks, '127.0.0.0/8', '::1'] : privateNetworks;
    this.#addresses = new ReachableAddresses(
      { privateNetworks: networks, setting },
      { resolve: resolveBySystem },
    );
    this.#loopback = loopback;
    this.lookup = this.#addresses.lookup;
  }

  /** Looks at the protocol, and at a host that is an address; a name is `lookup`'s. @throws AppError FORBIDDEN */
  assertUrl({ protocol, hostname }: URL): void {
    const plainHere = protocol === 'http:' && this.#loopback && isLoopback(hostname.replace(/^\[|\]$/g, ''));
    if (protocol !== 'https:' && !plainHere) throw new AppError('FORBIDDEN', 'its address is not https');
    this.assertHost(hostname);
  }

  /** @throws AppError FORBIDDEN for an address where viw may not go */
  assertHost(host: string): void {
    this.#addresses.assertHost(host);
  }
}

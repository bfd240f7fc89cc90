import type { Socket } from 'node:net';
import { plainAddress, sourceNetwork } from '@viw/runtime';
import type { TrustedProxies } from '@viw/runtime';

export interface WaitingSocketsOptions {
  /** At most so many of one source network at a time. */
  readonly perAddress: number;
}

export interface WaitingSocketsDeps {
  /** Exempt: they stand for many. */
  readonly proxies: Pick<TrustedProxies, 'has'>;
}

type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** A TLS socket and the TCP socket under it have the same one. */
const endpointOf = ({ remoteAddress = '', remotePort = 0 }: Peer): string => `${remoteAddress} ${remotePort}`;

/**
 * The TCP connections that are not WebSockets yet. Whoever opens them and says nothing must not fill the room in which
 * others shake hands. What is remembered goes with its socket.
 */
export class WaitingSockets {
  readonly #perAddress: number;
  readonly #proxies: Pick<TrustedProxies, 'has'>;
  readonly #counts = new Map<string, number>();
  readonly #networks = new Map<string, string>();

  constructor({ perAddress }: WaitingSocketsOptions, { proxies }: WaitingSocketsDeps) {
    this.#perAddress = perAddress;
    this.#proxies = proxies;
  }

  /** A new TCP connection. Destroyed at once when its address has too many that wait. */
  watch(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (this.#proxies.has(address)) return;
    const network = sourceNetwork(address);
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#perAddress) return void socket.destroy();
    const endpoint = endpointOf(socket);
    this.#counts.set(network, count + 1);
    this.#networks.set(endpoint, network);
    socket.once('close', () => this.#leave(endpoint));
  }

  /** It is a WebSocket now: other limits hold for it. */
  upgraded(socket: Peer): void {
    this.#leave(endpointOf(socket));
  }

  #leave(endpoint: string): void {
    const network = this.#networks.get(endpoint);
    if (network === undefined) return;
    this.#networks.delete(endpoint);
    const left = (this.#counts.get(network) ?? 1) - 1;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }
}

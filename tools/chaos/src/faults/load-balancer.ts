import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** TCP on 127.0.0.1: each connection goes to the next target, whether that lives or not. */
export class LoadBalancer {
  readonly #targets: readonly number[];
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  #accepted = 0;

  private constructor(targets: readonly number[]) {
    this.#targets = targets;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** @param targets ports on 127.0.0.1 */
  static async start(targets: readonly number[]): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(targets);
    await new Promise<void>((resolve) => balancer.#listener.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const target = this.#targets[this.#accepted++ % this.#targets.length] ?? 0;
    const server = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // `close` follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroySoon();
      });
      socket.pipe(other);
    }
  }
}

import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** The one port at which the CA validates; leads to whoever's turn it is. */
export class PortSwitch {
  /** On 127.0.0.1. */
  target = 0;
  readonly #sockets = new Set<Socket>();
  readonly #listener: Server = createServer((client) => this.#accept(client));

  /** @returns its port */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#listener.listen(0, '127.0.0.1', resolve));
    return (this.#listener.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
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

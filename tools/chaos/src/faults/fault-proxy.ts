import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * `reset`: connections break with RST. `stall`: a black hole, no byte moves and nothing is closed, then all goes on.
 * `swallow`: requests arrive, replies vanish, then the connection breaks. `delay`: each piece waits. `refuse`: down.
 */
export type TcpFault = 'reset' | 'stall' | 'swallow' | 'delay' | 'refuse';

const DELAY_MS = 40;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  mutilated: boolean;
}

/** A TCP proxy on 127.0.0.1 that can be told to misbehave. One fault at a time. */
export class FaultProxy {
  readonly #target: number;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #mode: TcpFault | 'pass' = 'pass';

  private constructor(target: number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** @param target port on 127.0.0.1 */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The same URL, through this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String((this.#listener.address() as AddressInfo).port);
    return changed.toString();
  }

  begin(fault: TcpFault): void {
    this.#mode = fault;
    if (fault === 'reset') this.heal();
    if (fault === 'refuse') this.#breakAll();
    if (fault === 'stall')
      for (const { client, server } of this.#pairs) [client, server].map((s) => s.pause());
  }

  /** Ends the fault; what has been damaged by it breaks. */
  heal(): void {
    const ended = this.#mode;
    this.#mode = 'pass';
    if (ended === 'reset') this.#breakAll();
    for (const pair of this.#pairs) {
      if (pair.mutilated) destroy(pair);
      else if (ended === 'stall') [pair.client, pair.server].map((socket) => socket.resume());
    }
  }

  async inflict(fault: TcpFault, forMs: number): Promise<void> {
    this.begin(fault);
    await pause(forMs);
    this.heal();
  }

  async stop(): Promise<void> {
    this.#breakAll();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #breakAll(): void {
    for (const pair of this.#pairs) destroy(pair);
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.on('error', () => undefined);
      reset(client);
      return;
    }
    const pair: Pair = { client, server: connect(this.#target, '127.0.0.1'), mutilated: false };
    this.#pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true);
      // `close` follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        destroy(pair);
      });
    }
    this.#forward(pair.client, pair.server);
    this.#forward(pair.server, pair.client, () => {
      if (this.#mode !== 'swallow') return false;
      pair.mutilated = true;
      return true;
    });
    if (this.#mode === 'stall') [pair.client, pair.server].map((socket) => socket.pause());
  }

  /** Pieces keep their order, delayed or not. */
  #forward(from: Socket, to: Socket, swallows: () => boolean = () => false): void {
    let tail = Promise.resolve();
    from.on('data', (piece) => {
      if (swallows()) return;
      const delayed = this.#mode === 'delay';
      tail = tail.then(async () => {
        if (delayed) await pause(DELAY_MS);
        if (to.writable) to.write(piece);
      });
    });
    from.on('end', () => {
      tail = tail.then(() => void to.end());
    });
  }
}

function destroy({ client, server }: Pair): void {
  for (const socket of [client, server]) if (!socket.destroyed) reset(socket);
}

/**
 * Closes with RST where that is safe. `resetAndDestroy` shuts the socket down first, and a reset during a shutdown leaves
 * Node (20) with a handle that never closes: the process then spins at its end. So the flag behind it is set instead, and
 * a socket that is being shut down is closed plainly.
 */
function reset(socket: Socket): void {
  if (!socket.connecting && !socket.writableEnded) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { WireTap } from './wire-tap';

/**
 * `reset`: connections break with RST. `stall`: a black hole, no byte moves and nothing is closed, then all goes on.
 * `swallow`: requests arrive, replies vanish, then the connection breaks. `delay`: each piece waits. `refuse`: down.
 */
export type TcpFault = 'reset' | 'stall' | 'swallow' | 'delay' | 'refuse';

const DELAY_MS = 40;
const nothing = Buffer.alloc(0);

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  mutilated: boolean;
}

export interface FaultProxyOptions {
  /** Sees every request and rules whether it goes on. */
  readonly tap?: WireTap;
}

/** A TCP proxy on 127.0.0.1 that can be told to misbehave. One fault at a time. */
export class FaultProxy {
  readonly #target: number;
  readonly #tap: WireTap | undefined;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #mode: TcpFault | 'pass' = 'pass';

  private constructor(target: number, { tap }: FaultProxyOptions) {
    this.#target = target;
    this.#tap = tap;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** @param target port on 127.0.0.1 */
  static async start(target: number, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** The same URL, through this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
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
    const tapped = this.#tap?.open();
    this.#forward(
      pair.client,
      pair.server,
      (piece) => tapped?.take(piece) ?? piece,
      () => tapped?.parked,
    );
    this.#forward(pair.server, pair.client, (piece) => {
      if (tapped?.answers === false) return nothing;
      if (this.#mode !== 'swallow') return piece;
      pair.mutilated = true;
      return nothing;
    });
    if (this.#mode === 'stall') [pair.client, pair.server].map((socket) => socket.pause());
  }

  /** Pieces keep their order, delayed or not. @param passes what of a piece goes on @param parked and after what */
  #forward(
    from: Socket,
    to: Socket,
    passes: (piece: Buffer) => Buffer,
    parked: () => Promise<unknown> | undefined = () => undefined,
  ): void {
    let tail = Promise.resolve();
    from.on('data', (read: Buffer) => {
      const piece = passes(read);
      if (piece.length === 0) return;
      const delayed = this.#mode === 'delay';
      const until = parked();
      tail = tail.then(async () => {
        await until;
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

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP way to a server that can be cut in the middle of what is sent. */
export interface CuttingProxy {
  readonly port: number;
  /** Cuts every open connection once this many more bytes have gone to the server, and takes none from then on. */
  cutAfter(bytes: number): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let left = Infinity;
  const proxy = createServer((client) => {
    if (left <= 0) return void client.destroy();
    const server = connect({ host: '127.0.0.1', port: serverPort });
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (piece: Buffer) => {
      server.write(piece.subarray(0, Math.max(0, left)));
      left -= piece.length;
      if (left <= 0) for (const socket of open) socket.destroy();
    });
    server.on('data', (piece: Buffer) => client.write(piece));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    cutAfter: (bytes) => void (left = bytes),
    mend: () => void (left = Infinity),
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        proxy.close(() => resolve());
      }),
  };
}

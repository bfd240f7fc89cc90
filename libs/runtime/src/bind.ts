import type { Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { AppError } from './errors';

/** Address a server listens on. Port 0 lets the system choose. */
export interface Bind {
  readonly host: string;
  readonly port: number;
}

export const formatBind = ({ host, port }: Bind): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** True only for addresses that no other machine can reach. A name other than `localhost` counts as reachable. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Starts listening. Works for `node:net`, `http`, `https` servers.
 *
 * @returns the address in use, with the real port when 0 was asked for
 * @throws AppError BIND_FAILED naming the address and the system's reason (`EADDRINUSE`, `EACCES`, ...)
 */
export function listen(server: Server, bind: Bind): Promise<Bind> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const reason = error.code ?? 'unknown reason';
      const address = formatBind(bind);
      reject(
        new AppError('BIND_FAILED', `cannot listen on ${address}: ${reason}`, {
          meta: { address, reason },
          cause: error,
        }),
      );
    };
    server.once('error', failed);
    server.listen(bind.port, bind.host, () => {
      server.removeListener('error', failed);
      const { address, port } = server.address() as AddressInfo;
      resolve({ host: address, port });
    });
  });
}

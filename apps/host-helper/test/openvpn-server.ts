import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

export interface VpnClient {
  readonly id: number;
  readonly commonName: string;
  readonly username: string;
  readonly address: string;
  readonly since: number;
}

const columns = [
  ...[
    'Common Name',
    'Real Address',
    'Virtual Address',
    'Virtual IPv6 Address',
    'Bytes Received',
    'Bytes Sent',
  ],
  ...[
    'Connected Since',
    'Connected Since (time_t)',
    'Username',
    'Client ID',
    'Peer ID',
    'Data Channel Cipher',
  ],
];

/**
 * OpenVPN's management interface as management-notes.txt describes it, for hosts without OpenVPN: one client at a time, a
 * greeting, notices in between, `status 3` and `client-kill`.
 */
export class OpenVpnServer {
  readonly clients: VpnClient[] = [];
  readonly commands: string[] = [];
  /** Takes commands and never answers. */
  mute = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(readonly socketPath: string) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.write(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n");
      socket.on('data', (data) => {
        for (const line of data.toString().split('\n').filter(Boolean)) this.#answer(socket, line.trim());
      });
    });
    this.#server.maxConnections = 1;
  }

  async start(): Promise<void> {
    await rm(this.socketPath, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(socket: Socket, line: string): void {
    this.commands.push(line);
    if (this.mute) return;
    if (line === 'status 3') {
      socket.write('>BYTECOUNT:12,34\r\nTITLE\tOpenVPN 2.6.3\r\nTIME\t2026-11-28 03:00:00\t1795834800\r\n');
      socket.write(`HEADER\tCLIENT_LIST\t${columns.join('\t')}\r\n`);
      for (const { commonName, username, address, since, id } of this.clients) {
        const row = [
          commonName,
          address,
          '10.8.0.6',
          '',
          '1',
          '2',
          'x',
          since,
          username,
          id,
          '0',
          'AES-256-GCM',
        ];
        socket.write(`CLIENT_LIST\t${row.join('\t')}\r\n`);
      }
      socket.write('GLOBAL_STATS\tMax bcast/mcast queue length\t0\r\nEND\r\n');
      return;
    }
    const [, id] = /^client-kill (\d+)$/.exec(line) ?? [];
    const at = this.clients.findIndex((client) => String(client.id) === id);
    if (at >= 0) this.clients.splice(at, 1);
    socket.write(
      at >= 0 ? 'SUCCESS: client-kill command succeeded\r\n' : 'ERROR: client-kill command failed\r\n',
    );
  }
}

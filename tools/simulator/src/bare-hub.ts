import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

/** XADDs that Redis has not confirmed yet; above it sockets are not read. */
const IN_FLIGHT = 1_000;

/**
 * The least that a hub can do: accept, `JSON.parse`, pipelined XADD with a bound. No identity, no checks, no memory of
 * anybody. What a real hub is compared with.
 */
export class BareHubRole {
  async start({ redisUrl, stream }: { readonly redisUrl: string; readonly stream: string }): Promise<{
    url: string;
  }> {
    const redis = new Redis(redisUrl, { enableAutoPipelining: true });
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    const paused = new Set<WebSocket>();
    let inFlight = 0;
    const confirmed = (): void => {
      if (--inFlight > IN_FLIGHT / 2) return;
      for (const socket of paused) socket.resume();
      paused.clear();
    };
    const failed = (error: Error): void => {
      process.stderr.write(`bare hub: ${error.message}\n`);
      process.exit(1);
    };
    server.on('connection', (socket) => {
      socket.on('error', () => socket.terminate());
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as { type: string; agent_id: string };
        if (frame.type !== 'TELEMETRY') return;
        if (++inFlight >= IN_FLIGHT) {
          socket.pause();
          paused.add(socket);
        }
        redis.xadd(stream, '*', 'agent', frame.agent_id, 'body', data).then(confirmed, failed);
      });
    });
    await once(server, 'listening');
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  }
}

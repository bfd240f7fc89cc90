import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import WebSocket, { WebSocketServer } from 'ws';

/** XADDs that Redis has not confirmed yet; above it nothing more is read from the socket. */
const IN_FLIGHT = 1_000;
/** Bytes that the sender leaves unsent at most. */
const SEND_BUFFER = 1 << 20;

/**
 * Frames through a bare WebSocket on loopback, JSON.parse and XADD, sender and receiver in this one process.
 * @param redis with automatic pipelining
 * @returns confirmed frames per second
 * @throws Error when the stream does not hold exactly these frames afterwards
 */
export async function bareIngest(texts: readonly string[], redis: Redis): Promise<number> {
  const stream = `bench.ingest.${process.hrtime.bigint()}`;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  try {
    await once(server, 'listening');
    const all = new Promise<void>((resolve, reject) => {
      server.on('connection', (socket) => {
        let inFlight = 0;
        let confirmed = 0;
        socket.on('error', reject);
        socket.on('message', (data: Buffer) => {
          const { agent_id } = JSON.parse(data.toString()) as { agent_id: string };
          if (++inFlight >= IN_FLIGHT) socket.pause();
          redis.xadd(stream, '*', 'agent', agent_id, 'body', data).then(() => {
            if (--inFlight < IN_FLIGHT / 2) socket.resume();
            if (++confirmed === texts.length) resolve();
          }, reject);
        });
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      await once(client, 'open');
      const startedAt = performance.now();
      const sending = (async () => {
        for (const text of texts) {
          client.send(text);
          while (client.bufferedAmount > SEND_BUFFER) await turn();
        }
      })();
      await Promise.all([all, sending]);
      const rate = texts.length / ((performance.now() - startedAt) / 1_000);
      const stored = await redis.xlen(stream);
      if (stored !== texts.length) throw new Error(`${stored} of ${texts.length} frames in the stream`);
      return rate;
    } finally {
      client.terminate();
    }
  } finally {
    server.close();
    await redis.del(stream);
  }
}

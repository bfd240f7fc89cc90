import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import { limits } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { bridgeMetrics } from '../src/bridge-metrics';
import { OutboundQueue } from '../src/connection/outbound-queue';

let server: WebSocketServer;
beforeAll(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
});
afterAll(async () => {
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** A queue and the peer at the other end of its socket, which does not read until `resume`. */
async function pair(maxFrames = 1_000) {
  const registry = createMetrics('agent-bridge');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const received: string[] = [];
  peer.on('message', (data) => received.push((data as Buffer).toString()));
  await once(peer, 'open');
  const [socket] = await accepted;
  peer.pause();
  const queue = new OutboundQueue({ maxFrames }, { socket, metrics: bridgeMetrics(registry) });
  /** What the kernel takes for both ends, and a little more. */
  const fill = async (): Promise<number> => {
    const text = 'x'.repeat(limits.frameBytes);
    let frames = 0;
    for (let idle = 0; idle < 50;) {
      if (socket.bufferedAmount === 0) {
        queue.push('ECHO', text);
        frames++;
        idle = 0;
      } else idle++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return frames;
  };
  const dropped = async (type: string): Promise<number> =>
    Number(
      new RegExp(`viw_frames_dropped_total\\{reason="slow_reader",type="${type}".*\\} (\\d+)`).exec(
        await registry.metrics(),
      )?.[1] ?? 0,
    );
  return { queue, socket, peer, received, fill, dropped };
}

it('while the peer reads, frames pass at once and nothing waits', async () => {
  const { queue, peer, received, socket } = await pair(10);
  peer.resume();
  for (let n = 0; n < 200; n++) {
    expect(queue.push('COMMAND', `command ${n}`)).toBe(true);
    if (n % 5 === 4) await eventually(() => expect(received).toHaveLength(n + 1), { everyMs: 1 });
  }
  expect(socket.bufferedAmount).toBe(0);
});

it('of acknowledgements only the newest waits; commands keep their order and none is lost', async () => {
  const { queue, peer, received, fill, dropped } = await pair();
  const before = await fill();
  for (let n = 0; n < 50; n++) {
    expect(queue.push('HEARTBEAT', `ack ${n}`)).toBe(true);
    expect(queue.push('COMMAND', `command ${n}`)).toBe(true);
  }
  expect(await dropped('HEARTBEAT')).toBe(49);
  peer.resume();
  await eventually(() => expect(received).toHaveLength(before + 51));
  const small = received.filter((text) => text.length < 100);
  expect(small.filter((text) => text.startsWith('ack'))).toEqual(['ack 49']);
  expect(small.filter((text) => text.startsWith('command'))).toEqual(
    Array.from({ length: 50 }, (_, n) => `command ${n}`),
  );
  expect(await dropped('COMMAND')).toBe(0);
});

it('at the limit of frames an acknowledgement makes room first, then the caller is told', async () => {
  const { queue, fill, dropped } = await pair(20);
  await fill();
  expect(queue.push('HEARTBEAT', 'ack')).toBe(true);
  let commands = 0;
  while (queue.push('COMMAND', 'command')) commands++;
  expect(commands).toBeGreaterThanOrEqual(10);
  expect(commands).toBeLessThan(20);
  expect(await dropped('HEARTBEAT')).toBe(1);
  expect(queue.push('HEARTBEAT', 'ack')).toBe(true);
  expect(await dropped('HEARTBEAT')).toBe(2);
  expect(queue.push('RESULT_ACK', 'x')).toBe(false);
});

it('never more than 5 MB wait, whatever their number', async () => {
  const { queue, socket, fill } = await pair();
  await fill();
  const text = 'x'.repeat(100_000);
  let waiting = socket.bufferedAmount;
  while (queue.push('COMMAND', text)) waiting += text.length;
  expect(waiting).toBeLessThanOrEqual(limits.outboundQueueBytes);
  expect(waiting).toBeGreaterThan(limits.outboundQueueBytes - 2 * text.length);
  queue.clear();
});

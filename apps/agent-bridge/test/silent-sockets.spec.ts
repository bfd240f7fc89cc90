import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dialWith, signed, uniqueAgent } from './test-agent';
import { TestCa } from './test-ca';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';

let server: RedisServer;
let ca: TestCa;
let issuer: string;
let plain: TestHub;
let secure: TestHub;

beforeAll(async () => {
  server = await startRedis();
  ca = await TestCa.create();
  issuer = await readFile(ca.certFile, 'utf8');
  const own = await ca.issue({ subject: '/CN=127.0.0.1', names: 'IP:127.0.0.1', usage: 'serverAuth' });
  const files = { AGENT_BRIDGE_TLS_CERT_FILE: own.certFile, AGENT_BRIDGE_TLS_KEY_FILE: own.keyFile };
  const few = { AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S: '1' };
  plain = await startHub(server.url, few);
  secure = await startHub(server.url, { ...few, ...files });
});

afterAll(async () => {
  await Promise.all([plain.stop(), secure.stop()]);
  await Promise.all([server.stop(), ca.remove()]);
});

/** Opens a connection and says nothing, or only this. */
function silent(port: number, from: string, words = ''): Socket {
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  if (words !== '') socket.write(words);
  return socket.resume();
}

const open = (sockets: readonly Socket[]): number => sockets.filter((socket) => !socket.closed).length;

/** Opens many, until as many are open as expected: a busy machine may count them when all are cut off already. */
async function crowd(make: () => Socket[], expected: (count: number) => void): Promise<Socket[]> {
  return eventually(async () => {
    const sockets = make();
    try {
      await eventually(() => expected(open(sockets)), { timeoutMs: 3_000 });
      return sockets;
    } catch (error) {
      for (const socket of sockets) socket.destroy();
      throw error;
    }
  });
}

describe.each([
  ['http', () => ({ hub: plain, url: plain.url })],
  ['https', () => ({ hub: secure, url: `wss://127.0.0.1:${secure.port}` })],
])('over %s', (_, target) => {
  const enter = async (from: string): Promise<void> => {
    const id = uniqueAgent();
    await (await dialWith(target().url, id, signed(id), { from, tls: { ca: issuer } })).close();
  };

  it('those of one address are few, do not keep others out, and are gone within seconds', async () => {
    const from = '127.0.0.2';
    const { hub } = target();
    const many = (): Socket[] =>
      Array.from({ length: 200 }, (_each, n) =>
        silent(hub.port, from, n % 2 ? 'GET /agent/ws HTTP/1.1\r\nX-A' : ''),
      );
    const sockets = await crowd(many, (count) => {
      expect(count).toBeLessThanOrEqual(64);
      expect(count).toBeGreaterThan(0);
    });
    await enter('127.0.0.3');
    await eventually(() => expect(open(sockets)).toBe(0), { timeoutMs: 30_000 });
    await enter(from);
  });

  it('agents that are connected are not counted among them', async () => {
    const from = '127.0.0.4';
    const agents = [];
    for (let n = 0; n < 5; n++) {
      const id = uniqueAgent();
      agents.push(await dialWith(target().url, id, signed(id), { from, tls: { ca: issuer } }));
    }
    const many = (): Socket[] => Array.from({ length: 100 }, () => silent(target().hub.port, from));
    const sockets = await crowd(many, (count) => expect(count).toBe(64));
    for (const socket of sockets) socket.destroy();
    for (const agent of agents) await agent.close();
  });
});

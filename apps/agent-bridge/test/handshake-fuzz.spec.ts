import { generateKeyPairSync } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { signKeyHandshake } from '@viw/agent-auth';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dial, signed, uniqueAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';

const COUNT = 10_000;
const AT_ONCE = 50;

let server: RedisServer;
let hub: TestHub;

beforeAll(async () => {
  server = await startRedis();
  hub = await startHub(server.url, {
    AGENT_BRIDGE_ED25519: 'true',
    AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.0/8',
    AGENT_BRIDGE_MTLS_EDGE: 'true',
    AGENT_BRIDGE_ADMIT_PER_SECOND: '100000',
    AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S: '100000',
    AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S: '100000',
  });
});

afterAll(async () => {
  await hub.stop();
  await server.stop();
});

/** Park and Miller's generator: the same requests in every run. */
let state = 20_261_127;
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const below = (limit: number): number => Math.floor(random() * limit);
const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;

const { privateKey } = generateKeyPairSync('ed25519');
const values = [
  '',
  ' ',
  '\0',
  'ed25519 ',
  `ed25519 ${'A'.repeat(86)}`,
  'f'.repeat(64),
  '../../etc/passwd',
  '9'.repeat(400),
  '%',
  '%2D%2D',
  '-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----',
  'SUCCESS',
  'FAILED:reason',
  '2026-02-31T00:00:00Z',
  '\u{1f600}',
  '{"$gt":""}',
  "' OR 1=1 --",
  'x'.repeat(20_000),
];
const names = [
  ...['X-Agent-Id', 'X-Timestamp', 'X-Nonce', 'X-Agent-Auth'],
  ...['X-SSL-Client-Verify', 'X-SSL-Client-Cert', 'X-Forwarded-For', 'X-SSL-Client-DN'],
  ...['Upgrade', 'Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Protocol'],
  ...['Sec-WebSocket-Extensions', 'Host', 'Content-Length', 'Transfer-Encoding', 'Expect'],
];

/** A handshake that would be accepted, before one thing or several are done to it. */
function request(): Buffer {
  const id = uniqueId();
  const proof =
    random() < 0.5
      ? signed(id)
      : signKeyHandshake({ privateKey, agentId: id, path: '/agent/ws', now: Date.now() });
  const headers: [string, string][] = [
    ['Host', 'hub'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ...Object.entries(proof),
  ];
  let line = 'GET /agent/ws HTTP/1.1';
  const spoil: (() => void)[] = [
    () => headers.splice(below(4) + 5, 1),
    () => (headers[below(4) + 5] = [oneOf(names.slice(0, 4)), oneOf(values)]),
    () => headers.push([oneOf(names), oneOf(values)], ['X-Timestamp', 'twice']),
    () => (headers[4] = ['Sec-WebSocket-Key', oneOf(values)]),
    () => (line = oneOf(['POST /agent/ws HTTP/1.1', 'GET / HTTP/1.1', 'GET /agent/ws HTTP/9', 'GET', '\0'])),
    () => headers.push(['X-SSL-Client-Verify', oneOf(values)], ['X-SSL-Client-Cert', oneOf(values)]),
  ];
  for (let n = 0; n <= below(3); n++) oneOf(spoil)();
  const text = `${line}\r\n${headers.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`;
  const bytes = Buffer.from(text, 'utf8');
  if (random() < 0.3) for (let n = 0; n <= below(8); n++) bytes[below(bytes.length)] = below(256);
  // Some are cut off: the hub waits for the rest until their sender hangs up.
  return random() < 0.1 ? bytes.subarray(0, below(bytes.length)) : bytes;
}

let serial = 0;
const uniqueId = (): string => `gw-fuzz-${++serial}`;

/** Sends it and waits for the answer, or hangs up without one. */
function send(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(hub.port, '127.0.0.1');
    let answer = '';
    const done = (): void => {
      socket.destroy();
      resolve(answer.slice(0, 12));
    };
    socket.setTimeout(200, done);
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', done);
    socket.write(bytes);
  });
}

async function fuzz(count: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const status = await send(request());
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function heapMb(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

it(`${COUNT} malformed handshakes: each is answered or hung up on, nothing is left of them`, async () => {
  await fuzz(1_000);
  const baseline = { heap: heapMb(), fds: await descriptors() };
  const answers = await fuzz(COUNT);
  for (const status of answers.keys()) expect(status).toMatch(/^(HTTP\/1\.1 (101|4\d\d|503))?$/);
  expect((answers.get('HTTP/1.1 400') ?? 0) + (answers.get('HTTP/1.1 401') ?? 0)).toBeGreaterThan(COUNT / 4);
  await eventually(async () => expect(await descriptors()).toBeLessThanOrEqual(baseline.fds + 5), {
    timeoutMs: 30_000,
  });
  await eventually(() => expect(heapMb()).toBeLessThan(baseline.heap + 10), { everyMs: 500 });
  const agent = await dial(hub.url, uniqueAgent());
  await agent.next('HELLO_ACK');
  await agent.close();
  expect(hub.log.filter((line) => line.includes('upgrade_failed'))).toEqual([]);
}, 180_000);

import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import WebSocket from 'ws';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dialects } from '../src/frames/dialects';
import { HostileFrames, seeded } from './hostile-frames';
import { join, signed, uniqueAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';

/** `VIW_FUZZ_FRAMES=100000` is the full count; `VIW_FUZZ_SEED` makes another set of frames. */
const COUNT = Number(process.env['VIW_FUZZ_FRAMES'] ?? 10_000);
const SEED = Number(process.env['VIW_FUZZ_SEED'] ?? 20_261_127);
/** A socket is closed at its tenth bad frame: no more than this many are worth sending on one. */
const PER_SOCKET = 20;
const AT_ONCE = 32;
/** Rounding of the collector, and what a process learns once: compiled code, pools. */
const HEAP_SLACK = 12 * 1024 * 1024;

let server: RedisServer;
let hub: TestHub;
const legacyAddress = '127.0.0.9';

beforeAll(async () => {
  server = await startRedis();
  hub = await startHub(server.url, {
    AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S: '100000',
    AGENT_BRIDGE_ADDRESS_FRAMES_PER_S: '1000000',
    AGENT_BRIDGE_LEGACY_AGENTS: `gw-legacy@${legacyAddress}/32`,
  });
});

afterAll(async () => {
  await hub.stop();
  await server.stop();
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heap(): Promise<number> {
  hub.forgetLog();
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

/** One connection, one burst of frames; resolves when it has ended. */
function burst(dialect: 'current' | 'legacy', agentId: string, frames: HostileFrames): Promise<void> {
  const socket =
    dialect === 'current'
      ? new WebSocket(`${hub.url}/agent/ws`, ['viworks-agent-v1'], { headers: signed(agentId) })
      : new WebSocket(`${hub.url}/agent/ws`, { localAddress: legacyAddress });
  socket.on('error', () => undefined);
  socket.on('open', () => {
    const payload = { agent_id: agentId, version: '1', agent_version: '1', capabilities: [] };
    const hello = dialect === 'current' ? { type: 'HELLO', ...payload } : { type: 'hello', payload };
    socket.send(JSON.stringify(hello));
    for (let n = 0; n < PER_SOCKET; n++) {
      const { data, binary } = frames.next(dialect);
      socket.send(data, { binary });
    }
    socket.close(1000);
  });
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function bursts(count: number, random: () => number): Promise<void> {
  let left = Math.ceil(count / PER_SOCKET);
  const worker = async (n: number): Promise<void> => {
    // The network stands for one agent only, and a second socket would end the first.
    const dialect = n === 0 ? 'legacy' : 'current';
    const agentId = n === 0 ? 'gw-legacy' : `gw-fuzz-${n}`;
    const frames = new HostileFrames(agentId, random);
    while (left-- > 0) await burst(dialect, agentId, frames);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => worker(n)));
}

const total = async (name: string): Promise<number> =>
  [...(await hub.metrics()).matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

it(`${COUNT} hostile frames on sockets (seed ${SEED}): no exit, no leak, everyone else is served`, async () => {
  const random = seeded(SEED);
  const sane = await join(hub.url, uniqueAgent());
  const open = await descriptors();
  const allClosed = (): Promise<void> =>
    eventually(async () => expect(await descriptors()).toBeLessThanOrEqual(open), { what: 'closed sockets' });
  // What is learned and filled once is no leak.
  await bursts(Math.max(2_000, COUNT / 10), random);
  await allClosed();
  const before = await heap();
  const handledBefore = (await total('viw_frames_in_total')) + (await total('viw_bad_frames_total'));

  await bursts(COUNT, random);

  const handled = (await total('viw_frames_in_total')) + (await total('viw_bad_frames_total'));
  // The frames do reach the hub. About a third is looked at, more or less by who comes first: none after the tenth bad one of a
  // socket, or after one that closes it by itself.
  expect(handled - handledBefore).toBeGreaterThan(COUNT / 5);
  sane.result(randomUUID());
  await sane.next('RESULT_ACK');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  await allClosed();
  await eventually(async () => expect((await heap()) - before).toBeLessThan(HEAP_SLACK), {
    what: 'heap as before',
    timeoutMs: 20_000,
  });
  await sane.close();
}, 300_000);

it(`${COUNT} hostile texts: either codec has an answer to each`, () => {
  const dialectOf = dialects({ silentAfterMs: 1, loopMs: 1 });
  const codecs = [dialectOf({}).codec, dialectOf({ 'x-agent-id': 'x' }).codec];
  const frames = new HostileFrames('gw-fuzz', seeded(SEED));
  const reasons = new Set<string>();
  let accepted = 0;
  for (let n = 0; n < COUNT; n++) {
    const text = frames.next(n % 2 === 0 ? 'current' : 'legacy').data.toString('utf8');
    for (const codec of codecs) {
      const decoded = codec.decode(text);
      if (decoded.ok) accepted++;
      else reasons.add(decoded.reason);
    }
  }
  expect([...reasons].sort()).toEqual(['malformed', 'schema', 'telemetry_too_large', 'unknown_type']);
  expect(accepted).toBeGreaterThan(COUNT / 20);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}, 120_000);

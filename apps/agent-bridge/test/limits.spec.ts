import { randomUUID } from 'node:crypto';
import { limits } from '@viw/contracts';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import type { TestAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';

let server: RedisServer;
const hubs: TestHub[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  for (const hub of hubs) await hub.stop();
  await server.stop();
});

const hubWith = async (settings: Record<string, string> = {}): Promise<TestHub> => {
  const hub = await startHub(server.url, settings);
  hubs.push(hub);
  return hub;
};

const counted = async (hub: TestHub, reason: string): Promise<number> =>
  Number(
    new RegExp(`viw_bad_frames_total\\{reason="${reason}".*\\} (\\d+)`).exec(await hub.metrics())?.[1] ?? 0,
  );

it('a nonce counts once in a session: ERROR REPLAY_DETECTED; another session starts afresh', async () => {
  const hub = await hubWith();
  const agent = await dial(hub.url, uniqueAgent());
  const nonce = randomUUID();
  agent.hello({ nonce });
  await agent.next('WELCOME');
  agent.hello({ nonce });
  expect((await agent.next('ERROR')).error.code).toBe('REPLAY_DETECTED');
  expect(await counted(hub, 'replayed_nonce')).toBe(1);
  agent.hello({ nonce: randomUUID() });
  await agent.next('WELCOME');
  await agent.close();
  const next = await dial(hub.url, agent.id);
  next.hello({ nonce });
  await next.next('WELCOME');
  await next.close();
});

it('what nests too deeply is refused by its form', async () => {
  const hub = await hubWith();
  const agent = await join(hub.url, uniqueAgent());
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const reply = (payload: string): string =>
    `{"type":"ECHO_REPLY","correlation_id":"${randomUUID()}","payload":${payload}}`;
  agent.raw(reply(nested(limits.freeFormDepth)));
  agent.raw(reply(nested(limits.freeFormDepth + 1)));
  agent.raw(reply(nested(40_000)));
  agent.raw(`{"type":"PONG","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  agent.raw('['.repeat(200_000));
  for (let n = 0; n < 3; n++) expect((await agent.next('ERROR')).error.code).toBe('SCHEMA_MISMATCH');
  agent.result(randomUUID());
  await agent.next('RESULT_ACK');
  expect(await counted(hub, 'schema')).toBe(2);
  expect(await counted(hub, 'malformed')).toBe(1);
  await agent.close();
});

it('an agent that sends too fast is told why: ERROR RATE_LIMITED, close 4429', async () => {
  const hub = await hubWith();
  const agent = await join(hub.url, uniqueAgent());
  for (let n = 0; n < 300; n++) agent.send({ type: 'PONG' });
  expect(await agent.closed).toBe(4429);
  expect(agent.all('ERROR').map(({ error }) => error.code)).toEqual(['RATE_LIMITED']);
  expect(await counted(hub, 'too_fast')).toBe(1);
});

it('pings count as frames', async () => {
  const hub = await hubWith();
  const agent = await join(hub.url, uniqueAgent());
  // One by one: ws itself cuts a peer for which more than 60 pongs are pending at once.
  while (!agent.isClosed) {
    agent.ping(Buffer.alloc(125));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await agent.closed).toBe(4429);
  expect(await counted(hub, 'too_fast')).toBe(1);
});

it('sockets of one address share a rate of frames; another address has its own', async () => {
  const hub = await hubWith({ AGENT_BRIDGE_ADDRESS_FRAMES_PER_S: '10' });
  const from = async (localAddress: string): Promise<TestAgent> => {
    const agent = await dial(hub.url, uniqueAgent(), { from: localAddress });
    agent.hello();
    await agent.next('WELCOME');
    return agent;
  };
  const crowd = await Promise.all([from('127.0.0.2'), from('127.0.0.2'), from('127.0.0.2')]);
  const other = await from('127.0.0.3');
  for (let n = 0; n < 15; n++) for (const agent of crowd) agent.send({ type: 'PONG' });
  expect(await Promise.race(crowd.map((agent) => agent.closed))).toBe(4429);
  expect(await counted(hub, 'address_too_fast')).toBeGreaterThan(0);
  other.result(randomUUID());
  await other.next('RESULT_ACK');
  for (const agent of [...crowd, other]) await agent.close();
});

it('upgrade requests of one address are limited before anything is checked: 503 BUSY, Retry-After', async () => {
  const hub = await hubWith({ AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S: '1' });
  const ask = () => upgrade(hub.port, { 'X-Agent-Id': 'gw-x' });
  const statuses = [];
  for (let n = 0; n < 10; n++) statuses.push((await ask()).status);
  expect(statuses).toEqual(Array(10).fill(400));
  // A busy machine takes its time, in which one or the other more is let through.
  const last = await eventually(
    async () => {
      const answer = await upgrade(hub.port, { ...signed(uniqueAgent()) });
      expect(answer).toMatchObject({ status: 503, body: { error: { code: 'BUSY' } } });
      return answer;
    },
    { everyMs: 1 },
  );
  expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
  const other = await dial(hub.url, uniqueAgent(), { from: '127.0.0.3' });
  await other.next('HELLO_ACK');
  await other.close();
});

import { createLogger } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { HubClock } from '../src/connection/hub-clock';
import { HubConnection } from '../src/connection/hub-connection';
import type { HubConnectionOptions, HubLink, HubListener } from '../src/connection/hub-connection';
import { hmacIdentity } from '../src/connection/identity';
import { sharedSecret, TestHub } from './hub';

const logger = createLogger({ service: 'test', level: 'silent' });
const quick = { baseMs: 20, capMs: 100, firstSpreadMs: 0 };

class Listener implements HubListener {
  readonly types: string[] = [];
  link: HubLink | undefined;
  closed = 0;
  dismissed: string | undefined;
  onFrame(frame: { type: string }, link: HubLink): void {
    this.types.push(frame.type);
    this.link = link;
    if (frame.type === 'HELLO_ACK')
      link.send({ type: 'HELLO', agent_id: 'gw-1', version: '1', capabilities: [] });
  }
  onClosed(): void {
    this.closed += 1;
  }
  onDismissed(reason: string): void {
    this.dismissed = reason;
  }
}

let hub: TestHub;
const running: HubConnection[] = [];

beforeEach(async () => {
  hub = await new TestHub().start();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((connection) => connection.stop()));
  await hub.kill();
});

function connect(
  options: Partial<HubConnectionOptions> = {},
  agentId = 'gw-1',
  chance: { random?: () => number } = {},
) {
  const listener = new Listener();
  const clock = new HubClock();
  const connection = new HubConnection(
    { urls: [hub.url], reconnect: quick, ...options },
    { identity: hmacIdentity(agentId, sharedSecret), clock, logger, ...chance },
  );
  running.push(connection);
  connection.start(listener);
  return { listener, clock, connection };
}

it('proves its identity, offers the subprotocol and no compression', async () => {
  connect();
  const { headers, protocol } = await hub.waitForSession();
  expect(headers['x-agent-id']).toBe('gw-1');
  expect(protocol).toBe('viworks-agent-v1');
  expect(headers['sec-websocket-extensions']).toBeUndefined();
  expect(hub.refusals).toEqual([]);
});

it('comes back when the hub has died, with a fresh nonce each time', async () => {
  const { listener } = connect();
  await hub.waitForSession();
  await hub.kill();
  await eventually(() => expect(listener.closed).toBe(1));
  await hub.start();
  await hub.waitForSession(2);
  expect(new Set(hub.connections.map(({ headers }) => headers['x-nonce'])).size).toBe(2);
  expect(hub.refusals).toEqual([]);
});

it('corrects its clock by what the hub says and is let in', async () => {
  hub.aheadMs = -20 * 60_000;
  const { clock } = connect();
  await hub.waitForSession();
  expect(hub.refusals).toEqual(['CLOCK_SKEW']);
  expect(Math.abs(clock.offsetMs - hub.aheadMs)).toBeLessThan(60_000);
});

it('obeys Retry-After of a full hub', async () => {
  hub.refuseWith = (attempt) => (attempt === 1 ? { code: 'BUSY', headers: ['Retry-After: 1'] } : undefined);
  connect();
  await hub.waitForSession();
  const [first = 0, second = 0] = hub.attempts;
  expect(second - first).toBeGreaterThanOrEqual(999);
});

describe('several hubs', () => {
  let second: TestHub;
  beforeEach(async () => {
    second = await new TestHub().start();
  });
  afterEach(() => second.kill());
  /** The first of the list is the first to be dialled. */
  const inOrder = { random: () => 0.999 };

  it('dials the next one when the first is away, and comes back to it when that dies', async () => {
    const { url } = second;
    await second.kill();
    connect({ urls: [url, hub.url] }, 'gw-1', inOrder);
    await hub.waitForSession();
    await second.start();
    await hub.kill();
    await second.waitForSession();
  });

  it('does not wait for the Retry-After of one while another is there, and leaves that one alone', async () => {
    hub.refuseWith = () => ({ code: 'BUSY', headers: ['Retry-After: 60'] });
    connect({ urls: [hub.url, second.url] }, 'gw-1', inOrder);
    await second.waitForSession();
    second.current.socket.close(1012, 'restarting');
    await second.waitForSession(2);
    expect(hub.attempts).toHaveLength(1);
  });

  it('waits for the shortest Retry-After when all ask for time', async () => {
    const busy = (seconds: number) => (attempt: number) =>
      attempt === 1 ? { code: 'BUSY' as const, headers: [`Retry-After: ${seconds}`] } : undefined;
    hub.refuseWith = busy(60);
    second.refuseWith = busy(1);
    connect({ urls: [hub.url, second.url] }, 'gw-1', inOrder);
    await second.waitForSession();
    const [first = 0, next = 0] = second.attempts;
    expect(next - first).toBeGreaterThanOrEqual(999);
    expect(hub.attempts).toHaveLength(1);
  });
});

it('tells how the connection is doing', async () => {
  hub.refuseWith = (attempt) => (attempt === 1 ? { code: 'NOT_ALLOWED' } : undefined);
  const { connection } = connect({ reconnect: { ...quick, capMs: 2_000 } });
  await eventually(() => expect(connection.report()).toMatchObject({ connected: false, failed_attempts: 1 }));
  expect(connection.report().last_failure).toMatchObject({
    hub: new URL(hub.url).host,
    reason: 'NOT_ALLOWED: refused by the test',
  });
  await hub.waitForSession();
  await eventually(() => expect(connection.report()).toMatchObject({ connected: true, failed_attempts: 0 }));
});

it('leaves a hub from which nothing comes', async () => {
  hub.greets = false;
  const { listener } = connect({ deadHubMs: 150 });
  await eventually(() => expect(listener.closed).toBeGreaterThanOrEqual(2));
});

it('stays with a hub that only pings', async () => {
  hub.greets = false;
  const { listener } = connect({ deadHubMs: 1_000 });
  await eventually(() => expect(hub.connections).toHaveLength(1));
  const start = performance.now();
  await eventually(
    () => {
      hub.current.socket.ping();
      expect(performance.now() - start).toBeGreaterThan(1_600);
    },
    { everyMs: 50 },
  );
  expect(listener.closed).toBe(0);
});

it.each(['close', 'refusal'] as const)('stops for good when it is decommissioned (by %s)', async (way) => {
  if (way === 'refusal') hub.refuseWith = () => ({ code: 'DECOMMISSIONED' });
  const { listener, connection } = connect();
  if (way === 'close') (await hub.waitForSession()).socket.close(4410, 'decommissioned');
  await eventually(() => expect(listener.dismissed).toBe('decommissioned'));
  expect(connection.isOpen).toBe(false);
  expect(hub.attempts).toHaveLength(1);
});

it('does not fight with the one that has replaced it', async () => {
  connect({ reconnect: { ...quick, capMs: 1_000 } });
  (await hub.waitForSession()).socket.close(4409, 'replaced');
  const gone = performance.now();
  await hub.waitForSession(2);
  expect(performance.now() - gone).toBeGreaterThanOrEqual(499);
});

it('ignores what is not a frame of a hub and stays connected', async () => {
  const { listener, connection } = connect();
  const { socket } = await hub.waitForSession();
  for (const text of ['', '{', '{"type":"RESULT"}', '{"type":"COMMAND","jws":1}', '[]']) socket.send(text);
  socket.send(Buffer.from([1, 2, 3]));
  hub.send({ type: 'PING' });
  await eventually(() => expect(listener.types.at(-1)).toBe('PING'));
  expect(new Set(listener.types)).toEqual(new Set(['HELLO_ACK', 'WELCOME', 'PING']));
  expect(connection.isOpen).toBe(true);
});

it('leaves a hub that sends too large a frame, and returns', async () => {
  connect();
  (await hub.waitForSession()).socket.send('x'.repeat(300 * 1024));
  await hub.waitForSession(2);
  await eventually(() => expect(hub.connections[0]?.closed?.code).toBe(1009));
});

it('says goodbye with 1000 when stopped, and sends nothing over an ended session', async () => {
  const { connection, listener } = connect();
  await hub.waitForSession();
  await connection.stop();
  await eventually(() => expect(hub.current.closed).toEqual({ code: 1000, reason: 'shutdown' }));
  expect(listener.link?.send({ type: 'PONG' })).toBe(false);
  await connection.stop();
});

it('stops while it waits, while it dials, and when nobody listens', async () => {
  const waiting = connect({ reconnect: { firstSpreadMs: 60_000 } });
  await waiting.connection.stop();
  const dialling = connect();
  await dialling.connection.stop();
  await hub.kill();
  const alone = connect();
  await eventually(() => expect(alone.connection.isOpen).toBe(false));
  await alone.connection.stop();
});

it('runs many times in one process', async () => {
  for (let n = 0; n < 100; n++) connect({}, `gw-${n}`);
  await eventually(() =>
    expect(new Set(hub.connections.map(({ headers }) => headers['x-agent-id'])).size).toBe(100),
  );
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConnection } from 'node:net';
import type { Client } from '@viw/client';
import { createClient } from '@viw/client';
import { changesStream } from '@viw/contracts';
import type { Change } from '@viw/contracts';
import { createLogger, createMetrics } from '@viw/runtime';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { EventBroadcast } from '../src/events/event-broadcast';
import { Collected } from './sse';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let viewer: Client;
let admin: Client;
const open: Collected[] = [];
const others: TestBackend[] = [];

/** A second backend beside the first, on the same servers. */
async function another(more: Parameters<typeof startBackend>[1] = {}): Promise<TestBackend> {
  const other = await startBackend(around, more);
  others.push(other);
  return other;
}
const viewerOf = async ({ url }: TestBackend): Promise<Client> =>
  createClient({ baseUrl: url, auth: { kind: 'apiKey', key: await backend.key('viewer') } });

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  viewer = await backend.as('viewer');
  admin = await backend.as('admin');
}, 60_000);

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await Promise.all(others.splice(0).map((each) => each.stop()));
});

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const change = (...changes: Change[]): Promise<string | null> =>
  around.client.xadd(changesStream.stream, '*', ...encodeEntry(changesStream, { changes }).fields);

async function listen(client: Client, query: Parameters<Client['events']>[0] = {}): Promise<Collected> {
  const collected = new Collected((signal) => client.events(query, signal));
  open.push(collected);
  await eventually(() => expect(collected.types).toContain('ready'));
  return collected;
}

describe('the event stream', () => {
  it('says ready, then every change, with ids that rise', async () => {
    const events = await listen(viewer);
    const id = uniqueAgent();
    await admin.gateways.register({ agent_id: id });
    await eventually(() => expect(events.changed).toEqual([id]));
    await change({ kind: 'command', id: 'c-1', parent_id: id });
    await eventually(() => expect(events.changed).toEqual([id, 'c-1']));
    expect(events.types).toEqual(['ready', 'change', 'change']);
    const numbers = events.events.map((event) => Number(event.id?.replace('-', '.')));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('is filtered by topic', async () => {
    const events = await listen(viewer, { topics: ['commands'] });
    await change({ kind: 'gateway', id: 'not-this' });
    await change({ kind: 'command', id: 'this' });
    await eventually(() => expect(events.changed).toEqual(['this']));
    const authorization = `Bearer ${await backend.key('viewer')}`;
    const wrong = await fetch(`${backend.url}/admin/api/events?topics=secrets`, {
      headers: { authorization },
    });
    expect(wrong.status).toBe(400);
  });

  it('tells an entry of several changes again as a whole to who was cut off within it', async () => {
    const first = await listen(viewer, { topics: ['gateways'] });
    await change({ kind: 'gateway', id: 'before' });
    await eventually(() => expect(first.changed).toEqual(['before']));
    const resumeAt: string = first.lastId;
    const [one, two] = [1, 2].map((n) => ({ kind: 'gateway' as const, id: `together-${n}` }));
    await change(one!, { kind: 'command', id: 'not-this' }, two!, { kind: 'command', id: 'nor-this' });
    await eventually(() => expect(first.changed).toEqual(['before', 'together-1', 'together-2']));
    const ids = first.events.slice(-2).map(({ id }) => id);
    expect(ids[0]).toBe(resumeAt);
    expect(ids[1]).toBe(first.lastId);
    expect(first.lastId).not.toBe(resumeAt);
    const second = await listen(viewer, { topics: ['gateways'], lastEventId: resumeAt });
    expect(second.changed).toEqual(['together-1', 'together-2']);
  });

  it('resumes after the last event, without a gap', async () => {
    const first = await listen(viewer);
    await change({ kind: 'gateway', id: 'seen' });
    await eventually(() => expect(first.changed).toEqual(['seen']));
    await first.close();
    for (const id of ['missed-1', 'missed-2']) await change({ kind: 'gateway', id });
    const second = await listen(viewer, { lastEventId: first.lastId });
    await change({ kind: 'gateway', id: 'new' });
    await eventually(() => expect(second.changed).toEqual(['missed-1', 'missed-2', 'new']));
    expect(second.types).toEqual(['change', 'change', 'ready', 'change']);
  });

  it('resumes on a backend that was started since, as far as the stream reaches back', async () => {
    const first = await listen(viewer);
    await change({ kind: 'gateway', id: 'seen by the first' });
    await eventually(() => expect(first.changed).toEqual(['seen by the first']));
    const { lastId: lastEventId } = first;
    await change({ kind: 'gateway', id: 'missed' });
    const later = await another();
    const second = await listen(await viewerOf(later), { lastEventId });
    expect(second.changed).toEqual(['missed']);
    expect(second.types).toEqual(['change', 'ready']);

    await around.client.xtrim(changesStream.stream, 'MAXLEN', 1);
    const afterTrim = await another();
    const third = await listen(await viewerOf(afterTrim), { lastEventId });
    expect(third.types).toEqual(['gap', 'ready']);
  });

  it.each(['no id', '99999999999999-0'])('says gap for Last-Event-ID %s', async (lastEventId) => {
    await change({ kind: 'gateway', id: 'any' });
    expect((await listen(viewer, { lastEventId })).types).toEqual(['gap', 'ready']);
  });

  it('says gap when Redis has lost the stream, and goes on', async () => {
    const events = await listen(viewer);
    await change({ kind: 'gateway', id: 'before' });
    await eventually(() => expect(events.changed).toEqual(['before']));
    await around.client.del(changesStream.stream);
    // The id of a stream that begins anew may be lower than those before.
    await around.client.xadd(
      changesStream.stream,
      '1-1',
      ...encodeEntry(changesStream, { changes: [{ kind: 'gateway', id: 'after' }] }).fields,
    );
    await eventually(() => expect(events.types).toEqual(['ready', 'change', 'gap', 'change']));
    expect(events.changed).toEqual(['before', 'after']);
  });
});

describe('an event stream ends', () => {
  it('with the session that opened it', async () => {
    const quick = await another({ heartbeatMs: 100 });
    const person = createClient({ baseUrl: quick.url, auth: { kind: 'session' } });
    await person.session.signIn(backend.admin);
    const events = await listen(person);
    await person.session.signOut();
    await eventually(() => expect(events.ended).toBe(true));
  });

  it('when its reader does not read', async () => {
    const key = await backend.key('viewer');
    const { port } = new URL(backend.url);
    const socket = createConnection({ port: Number(port), host: '127.0.0.1' });
    let closed = false;
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    socket.write(`GET /admin/api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    socket.pause();
    const id = 'x'.repeat(120);
    const flood = async (): Promise<void> => {
      const pipeline = around.client.pipeline();
      for (let i = 0; i < 10_000; i++)
        // Nothing is trimmed meanwhile: what the backend has not read yet would never fill the reader's buffer.
        pipeline.xadd(
          changesStream.stream,
          '*',
          ...encodeEntry(changesStream, { changes: [{ kind: 'gateway', id, parent_id: id }] }).fields,
        );
      await pipeline.exec();
    };
    const metric = () => backend.openStreams();
    await eventually(async () => expect(await metric()).toBe(1));
    for (let round = 0; round < 10 && (await metric()) > 0; round++) await flood();
    await eventually(async () => expect(await metric()).toBe(0), { timeoutMs: 40_000 });
    await around.client.xtrim(changesStream.stream, 'MAXLEN', 1_000);
    socket.resume();
    await eventually(() => expect(closed).toBe(true));
  });

  it('when the backend stops, which does not take long', async () => {
    const other = await another();
    const events = await listen(await viewerOf(other));
    let stopped = false;
    void other.stop().then(() => (stopped = true));
    // The limit after which a process that stops is ended by force.
    await eventually(() => expect(stopped).toBe(true), { timeoutMs: 10_000 });
    await eventually(() => expect(events.ended).toBe(true));
  });
});

it('keeps nothing of a listener that had gone before its stream was opened', async () => {
  const metrics = createMetrics('backend');
  const logger = createLogger({ service: 'backend', level: 'warn' });
  const broadcast = new EventBroadcast(
    { redisUrl: around.redis.url, heartbeatMs: 60_000 },
    {
      redis: around.client,
      authenticator: { stillValid: async () => true },
      scopes: { visible: async () => [] },
      logger,
      metrics,
    },
  );
  const caller = {
    kind: 'api_client',
    id: 'gone',
    name: 'gone',
    role: 'viewer',
    scope: undefined,
    permissions: new Set<never>(),
    credential: { kind: 'api_key', id: 'gone' },
  } as const;
  let opened = (): void => undefined;
  const done = new Promise<void>((resolve) => (opened = resolve));
  const server = createServer((_request, response) => {
    response.once('close', () => {
      broadcast.open({ caller, topics: new Set(['gateways'] as const) }, undefined, response);
      opened();
    });
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
  await done;
  server.close();
  const gauge = await metrics.getSingleMetricAsString('viw_backend_event_streams');
  expect(Number(/} (\d+)$/m.exec(gauge)?.[1])).toBe(0);
});

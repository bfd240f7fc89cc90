import { randomUUID } from 'node:crypto';
import {
  commandEventsStream,
  commandsStream,
  deadLetterStream,
  groups,
  hubAliveKey,
  hubEntriesStream,
  hubRegisterKey,
  hubStream,
  leaseKey,
  mailboxStream,
} from '@viw/contracts';
import type { CommandBody, HubEntryBody } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { Placement } from '../src/routing/placement';
import { HubProcesses } from './hub-process';
import { join, uniqueAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';
import { connect, entries, nothingLeft, publish, runCommand } from './test-streams';

let server: RedisServer;
let redis: Redis;
let hub: TestHub;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  hub = await startHub(server.url);
});

afterAll(async () => {
  await hub.stop();
  redis.disconnect();
  await server.stop();
});

/** What a hub leaves in Redis when it is killed. */
class DeadHub {
  readonly id = `dead-${randomUUID().slice(0, 8)}`;
  readonly stream = hubStream(this.id);

  /** It said that it lives, and does so no more. */
  async register(): Promise<this> {
    await redis.sadd(hubRegisterKey, this.id);
    return this;
  }

  async add(...bodies: HubEntryBody[]): Promise<void> {
    for (const body of bodies)
      await redis.xadd(this.stream, '*', ...encodeEntry(hubEntriesStream, body).fields);
  }

  /** What is in the stream so far is pending. */
  async read(): Promise<string[]> {
    await redis.xgroup('CREATE', this.stream, groups.agentBridge, '0', 'MKSTREAM').catch(() => undefined);
    await redis.xreadgroup('GROUP', groups.agentBridge, this.id, 'STREAMS', this.stream, '>');
    return (await redis.xrange(this.stream, '-', '+')).map(([id]) => id);
  }

  /** As if the agent were still connected to it. */
  async hold(agentId: string): Promise<void> {
    await redis.hset(leaseKey(agentId), {
      hub: this.id,
      epoch: '1',
      conn_id: 'c',
      address: '127.0.0.1',
      serving: '1',
    });
  }
}

const forgotten = (dead: Pick<DeadHub, 'id' | 'stream'>): Promise<void> =>
  eventually(async () => {
    expect(await redis.exists(dead.stream)).toBe(0);
    expect(await redis.sismember(hubRegisterKey, dead.id)).toBe(0);
  });

const statesOf = async (id: string): Promise<string[]> =>
  (await entries(redis, commandEventsStream))
    .filter(({ correlation_id }) => correlation_id === id)
    .map(({ state }) => state);

it('what was read and what was not reaches the agent at another hub, in order; the dead hub is forgotten', async () => {
  const dead = new DeadHub();
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const [read, unread, cancelled] = [runCommand(agent.id), runCommand(agent.id), runCommand(agent.id)];
  await dead.add(read);
  await dead.read();
  await dead.add(unread, cancelled, {
    kind: 'cancel',
    agent_id: agent.id,
    correlation_id: cancelled.correlation_id,
  });
  await dead.add({ kind: 'replaced', agent_id: agent.id, epoch: 7 });
  await dead.register();
  for (const { correlation_id } of [read, unread]) {
    expect((await agent.next('COMMAND')).correlation_id).toBe(correlation_id);
    agent.result(correlation_id);
  }
  await forgotten(dead);
  await nothingLeft(redis, hub.id, agent.id);
  expect(await statesOf(cancelled.correlation_id)).toEqual(['cancelled']);
  await agent.close();
});

it('what may have been sent is marked as such, and only that', async () => {
  const dead = new DeadHub();
  const agentId = uniqueAgent();
  await dead.hold(agentId);
  const [read, unread] = [runCommand(agentId), runCommand(agentId)];
  await dead.add(read);
  await dead.read();
  await dead.add(unread);
  await dead.register();
  await forgotten(dead);
  const moved = (await redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => JSON.parse(fields.at(-1) ?? '') as CommandBody,
  );
  expect(moved).toEqual([{ ...read, sent_before: true }, unread]);
  // The dead hub may have had no time to say that it has sent it, and the agent may stay away for longer than it is valid.
  expect(await statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await statesOf(unread.correlation_id)).toEqual([]);
  // A hub that comes back finds nothing of it in its own stream, and serves the agent only once it has fetched this.
  expect(await redis.hget(leaseKey(agentId), 'serving')).toBeNull();
});

it('a stream that was never read: all of it counts as unread', async () => {
  const dead = new DeadHub();
  const agentId = uniqueAgent();
  await dead.add(runCommand(agentId));
  await dead.register();
  await forgotten(dead);
  expect((await redis.xrange(mailboxStream(agentId), '-', '+')).join()).not.toContain('sent_before');
});

it('what the dead hub had finished and only not deleted is not given to anybody', async () => {
  const dead = new DeadHub();
  const agentId = uniqueAgent();
  await dead.add(runCommand(agentId), runCommand(agentId));
  const [first = ''] = await dead.read();
  await redis.xack(dead.stream, groups.agentBridge, first);
  await dead.register();
  await forgotten(dead);
  expect(await redis.xlen(mailboxStream(agentId))).toBe(1);
});

it('ids that are pending without an entry do not make a live command look finished', async () => {
  const dead = new DeadHub();
  const agentId = uniqueAgent();
  const held = [runCommand(agentId), runCommand(agentId)];
  const orphans = Array.from({ length: 250 }, () => runCommand(agentId));
  await dead.add(...held.slice(0, 1), ...orphans, ...held.slice(1));
  await redis.xdel(dead.stream, ...(await dead.read()).slice(1, -1));
  await dead.register();
  await forgotten(dead);
  const moved = (await redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => (JSON.parse(fields.at(-1) ?? '') as CommandBody).correlation_id,
  );
  expect(moved).toEqual(held.map(({ correlation_id }) => correlation_id));
});

it('past its time: not sent; expired only if nobody can have sent it', async () => {
  const dead = new DeadHub();
  const agent = await join(hub.url, uniqueAgent());
  const over = { expires_at: new Date(Date.now() - 1).toISOString() };
  const [read, unread] = [runCommand(agent.id, over), runCommand(agent.id, over)];
  await dead.add(read);
  await dead.read();
  await dead.add(unread);
  await dead.register();
  await forgotten(dead);
  await nothingLeft(redis, hub.id, agent.id);
  expect(await statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await statesOf(unread.correlation_id)).toEqual(['expired']);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('a hub that died and is back: what it had read goes to the mailbox as perhaps sent, known to everybody', async () => {
  const former = new DeadHub();
  const agentId = uniqueAgent();
  const [read, unread] = [runCommand(agentId), runCommand(agentId)];
  await former.add(read);
  await former.read();
  await former.add(unread);
  const back = await startHub(server.url, { AGENT_BRIDGE_HUB_ID: former.id });
  await eventually(async () => expect(await redis.xlen(mailboxStream(agentId))).toBe(2));
  const moved = (await redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => JSON.parse(fields.at(-1) ?? '') as CommandBody,
  );
  expect(moved).toEqual([{ ...read, sent_before: true }, unread]);
  expect(await statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await statesOf(unread.correlation_id)).toEqual([]);
  await back.stop();
});

it('read at the entrance by a hub that died: it may have been placed and sent', async () => {
  const agentId = uniqueAgent();
  const command = runCommand(agentId);
  const { fields } = encodeEntry(commandsStream, command, { correlationId: command.correlation_id });
  const { stream } = commandsStream;
  await redis
    .multi()
    .xadd(stream, '*', ...fields)
    .xreadgroup('GROUP', groups.agentBridge, `dead-${randomUUID()}`, 'STREAMS', stream, '>')
    .exec();
  await eventually(async () => expect(await redis.xlen(mailboxStream(agentId))).toBe(1));
  const [[, placed] = ['', []]] = await redis.xrange(mailboxStream(agentId), '-', '+');
  expect(JSON.parse(placed.at(-1) ?? '')).toEqual({ ...command, sent_before: true });
  expect(await statesOf(command.correlation_id)).toEqual(['dispatched']);
});

it('a malformed entry is set aside and does not keep the others', async () => {
  const dead = new DeadHub();
  const agentId = uniqueAgent();
  await redis.xadd(dead.stream, '*', 'body', '{');
  await dead.add(runCommand(agentId));
  await dead.register();
  await forgotten(dead);
  expect(await redis.xlen(deadLetterStream(dead.stream))).toBe(1);
  expect(await redis.xlen(mailboxStream(agentId))).toBe(1);
});

it('several hubs take over the same one: each command once, those of an agent in order', async () => {
  const others = [await startHub(server.url), await startHub(server.url)];
  const dead = new DeadHub();
  const ids = [uniqueAgent(), uniqueAgent(), uniqueAgent()];
  const commands = ids.flatMap((agentId) => Array.from({ length: 150 }, () => runCommand(agentId)));
  commands.sort((a, b) => (a.correlation_id < b.correlation_id ? -1 : 1));
  await dead.add(...commands.slice(0, 200));
  await dead.read();
  await dead.add(...commands.slice(200));
  await dead.register();
  await forgotten(dead);
  for (const agentId of ids) {
    const moved = (await redis.xrange(mailboxStream(agentId), '-', '+')).map(
      ([, fields]) => (JSON.parse(fields.at(-1) ?? '') as CommandBody).correlation_id,
    );
    const expected = commands.filter(({ agent_id }) => agent_id === agentId);
    expect(moved).toEqual(expected.map(({ correlation_id }) => correlation_id));
  }
  await Promise.all(others.map((other) => other.stop()));
});

describe('the script that gives a command its place', () => {
  const place = (command: CommandBody, from?: object) =>
    new Placement({ hub: hub.id }, { redis }).place(command, {}, from ? ({ from } as never) : {});

  it('puts nothing into the stream of a hub that shows no sign of life, and lets nothing overtake it', async () => {
    const dead = new DeadHub();
    const agentId = uniqueAgent();
    await dead.hold(agentId);
    expect(await place(runCommand(agentId))).toBe('mailbox');
    await redis.set(hubAliveKey(dead.id), '1');
    expect(await place(runCommand(agentId))).toBe('mailbox');
    expect(await redis.xlen(mailboxStream(agentId))).toBe(2);
    expect(await redis.exists(dead.stream)).toBe(0);
  });

  it('moves nothing away from a hub that has come back, read or not', async () => {
    const dead = new DeadHub();
    const agentId = uniqueAgent();
    const [read, unread] = [runCommand(agentId), runCommand(agentId)];
    await dead.add(read);
    await dead.read();
    await dead.add(unread);
    await redis.set(hubAliveKey(dead.id), '1');
    const ids = (await redis.xrange(dead.stream, '-', '+')).map(([id]) => id);
    expect(await place(read, { id: ids[0], state: 'pending', deadHub: dead.id })).toBe('alive');
    expect(await place(unread, { id: ids[1], state: 'unread', deadHub: dead.id })).toBe('alive');
    expect(await redis.xlen(dead.stream)).toBe(2);
    expect(await redis.exists(mailboxStream(agentId))).toBe(0);
  });

  it('moves an entry once, and not as unread when it has been read meanwhile', async () => {
    const dead = new DeadHub();
    const agentId = uniqueAgent();
    const command = runCommand(agentId);
    await dead.add(command);
    const [id] = await dead.read();
    expect(await place(command, { id, state: 'unread', deadHub: dead.id })).toBe('gone');
    expect(await place(command, { id, state: 'pending', deadHub: dead.id })).toBe('mailbox');
    expect(await place(command, { id, state: 'pending', deadHub: dead.id })).toBe('gone');
    expect(await redis.xlen(mailboxStream(agentId))).toBe(1);
  });

  it('HELLO against placing, many times over: nothing stays behind in a mailbox', async () => {
    for (let round = 0; round < 10; round++) {
      const id = uniqueAgent();
      const sent: Promise<string>[] = [];
      const joining = join(hub.url, id, { max_concurrency: 4 });
      for (let n = 0; n < 4; n++) sent.push(publish(redis, runCommand(id)));
      const agent = await joining;
      const ids = await Promise.all(sent);
      await eventually(() =>
        expect(
          agent
            .all('COMMAND')
            .map(({ correlation_id }) => correlation_id)
            .sort(),
        ).toEqual([...ids].sort()),
      );
      for (const each of ids) agent.result(each);
      await nothingLeft(redis, hub.id, id);
      await agent.close();
    }
  });
});

describe('a hub as a process of its own', () => {
  let processes: HubProcesses;
  beforeAll(async () => {
    processes = await HubProcesses.bundle('fast-hub.ts');
  });
  afterAll(() => processes.end());

  const inMailbox = (agentId: string, count: number): Promise<void> =>
    eventually(async () => expect(await redis.xlen(mailboxStream(agentId))).toBe(count), {
      what: 'commands in the mailbox',
      timeoutMs: 20_000,
    });

  it('killed: its agents find their commands at another hub, each once', async () => {
    const killed = await processes.launch(server.url);
    const agent = await join(killed.url, uniqueAgent(), { max_concurrency: 2 });
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await publish(redis, runCommand(agent.id)));
    await eventually(() => expect(agent.all('COMMAND')).toHaveLength(2));
    await eventually(async () =>
      expect((await redis.xpending(hubStream(killed.id), groups.agentBridge))[0]).toBe(5),
    );
    await killed.program.kill();
    const back = await join(hub.url, agent.id, { max_concurrency: 2 });
    for (let n = 0; n < ids.length; n++) back.result((await back.next('COMMAND', 20_000)).correlation_id);
    await nothingLeft(redis, hub.id, agent.id);
    await forgotten({ id: killed.id, stream: hubStream(killed.id) });
    const given = back.all('COMMAND').map(({ correlation_id }) => correlation_id);
    expect([...given].sort()).toEqual([...ids].sort());
    for (const id of ids) expect(await statesOf(id)).not.toContain('expired');
    await back.close();
  });

  it('frozen and awake again: it sends and ends nothing that others have taken over', async () => {
    const frozen = await processes.launch(server.url);
    const here = await join(frozen.url, uniqueAgent(), { max_concurrency: 1 });
    const soon = () => runCommand(here.id, { expires_at: new Date(Date.now() + 25_000).toISOString() });
    const commands = [soon(), soon(), soon()];
    for (const command of commands) await publish(redis, command);
    const first = (await here.next('COMMAND')).correlation_id;
    await eventually(async () =>
      expect((await redis.xpending(hubStream(frozen.id), groups.agentBridge))[0]).toBe(3),
    );
    frozen.program.signal('SIGSTOP');
    await inMailbox(here.id, 3);
    const there = await join(hub.url, here.id, { max_concurrency: 1 });
    for (let n = 0; n < 3; n++) there.result((await there.next('COMMAND')).correlation_id);
    await nothingLeft(redis, hub.id, here.id);
    // Frees the slot on the old connection as soon as the hub reads it.
    here.result(first);
    frozen.program.signal('SIGCONT');
    expect(await here.closed).toBe(4409);
    expect(here.all('COMMAND')).toHaveLength(1);
    expect(frozen.program.output()).toContain('hub_taken_for_dead');
    await nothingLeft(redis, frozen.id, here.id);
    // Told by whoever sent it, and by the hub that took it over as perhaps sent.
    for (const { correlation_id } of commands)
      expect(await statesOf(correlation_id)).toEqual(
        Array(correlation_id === first ? 3 : 2).fill('dispatched'),
      );

    // It is a hub like any other again.
    const again = await join(frozen.url, uniqueAgent());
    const id = await publish(redis, runCommand(again.id));
    expect((await again.next('COMMAND')).correlation_id).toBe(id);
    again.result(id);
    await nothingLeft(redis, frozen.id, again.id);
    await Promise.all([there.close(), again.close()]);
    await frozen.program.stop();
  });
});

import { randomUUID } from 'node:crypto';
import {
  commandsStream,
  deadLetterStream,
  groups,
  hubRegisterKey,
  leaseKey,
  mailboxStream,
} from '@viw/contracts';
import type { CommandBody } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { DeadHub } from './dead-hub';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, runCommand } from './test-streams';

/** Entries; enough for hubs to meet. */
const POISON = 50;

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

const forgotten = (dead: Pick<DeadHub, 'id' | 'stream'>): Promise<void> =>
  eventually(async () => {
    expect(await stage.redis.exists(dead.stream)).toBe(0);
    expect(await stage.redis.sismember(hubRegisterKey, dead.id)).toBe(0);
  });

it('what was read and what was not reaches the agent at another hub, in order; the dead hub is forgotten', async () => {
  const dead = new DeadHub(stage);
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
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(await stage.statesOf(cancelled.correlation_id)).toEqual(['cancelled']);
  await agent.close();
});

it('what may have been sent is marked as such, and only that', async () => {
  const dead = new DeadHub(stage);
  const agentId = uniqueAgent();
  await dead.hold(agentId);
  const [read, unread] = [runCommand(agentId), runCommand(agentId)];
  await dead.add(read);
  await dead.read();
  await dead.add(unread);
  await dead.register();
  await forgotten(dead);
  const moved = (await stage.redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => JSON.parse(fields.at(-1) ?? '') as CommandBody,
  );
  expect(moved).toEqual([{ ...read, sent_before: true }, unread]);
  // The dead hub may have had no time to say that it has sent it, and the agent may stay away for longer than it is valid.
  expect(await stage.statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await stage.statesOf(unread.correlation_id)).toEqual([]);
  // A hub that comes back finds nothing of it in its own stream, and serves the agent only once it has fetched this.
  expect(await stage.redis.hget(leaseKey(agentId), 'serving')).toBeNull();
});

it('a stream that was never read: all of it counts as unread', async () => {
  const dead = new DeadHub(stage);
  const agentId = uniqueAgent();
  await dead.add(runCommand(agentId));
  await dead.register();
  await forgotten(dead);
  expect((await stage.redis.xrange(mailboxStream(agentId), '-', '+')).join()).not.toContain('sent_before');
});

it('what the dead hub had finished and only not deleted is not given to anybody', async () => {
  const dead = new DeadHub(stage);
  const agentId = uniqueAgent();
  await dead.add(runCommand(agentId), runCommand(agentId));
  const [first = ''] = await dead.read();
  await stage.redis.xack(dead.stream, groups.agentBridge, first);
  await dead.register();
  await forgotten(dead);
  expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(1);
});

it('ids that are pending without an entry do not make a live command look finished', async () => {
  const dead = new DeadHub(stage);
  const agentId = uniqueAgent();
  const held = [runCommand(agentId), runCommand(agentId)];
  const orphans = Array.from({ length: 250 }, () => runCommand(agentId));
  await dead.add(...held.slice(0, 1), ...orphans, ...held.slice(1));
  await stage.redis.xdel(dead.stream, ...(await dead.read()).slice(1, -1));
  await dead.register();
  await forgotten(dead);
  const moved = (await stage.redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => (JSON.parse(fields.at(-1) ?? '') as CommandBody).correlation_id,
  );
  expect(moved).toEqual(held.map(({ correlation_id }) => correlation_id));
});

it('past its time: not sent; expired only if nobody can have sent it', async () => {
  const dead = new DeadHub(stage);
  const agent = await join(hub.url, uniqueAgent());
  const over = { expires_at: new Date(Date.now() - 1).toISOString() };
  const [read, unread] = [runCommand(agent.id, over), runCommand(agent.id, over)];
  await dead.add(read);
  await dead.read();
  await dead.add(unread);
  await dead.register();
  await forgotten(dead);
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(await stage.statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await stage.statesOf(unread.correlation_id)).toEqual(['expired']);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('a hub that died and is back: what it had read goes to the mailbox as perhaps sent, known to everybody', async () => {
  const former = new DeadHub(stage);
  const agentId = uniqueAgent();
  const [read, unread] = [runCommand(agentId), runCommand(agentId)];
  await former.add(read);
  await former.read();
  await former.add(unread);
  const back = await stage.startHub({ AGENT_BRIDGE_HUB_ID: former.id });
  await eventually(async () => expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(2));
  const moved = (await stage.redis.xrange(mailboxStream(agentId), '-', '+')).map(
    ([, fields]) => JSON.parse(fields.at(-1) ?? '') as CommandBody,
  );
  expect(moved).toEqual([{ ...read, sent_before: true }, unread]);
  expect(await stage.statesOf(read.correlation_id)).toEqual(['dispatched']);
  expect(await stage.statesOf(unread.correlation_id)).toEqual([]);
  await back.stop();
});

it('read at the entrance by a hub that died: it may have been placed and sent', async () => {
  const agentId = uniqueAgent();
  const command = runCommand(agentId);
  const { fields } = encodeEntry(commandsStream, command, { correlationId: command.correlation_id });
  const { stream } = commandsStream;
  await stage.redis
    .multi()
    .xadd(stream, '*', ...fields)
    .xreadgroup('GROUP', groups.agentBridge, `dead-${randomUUID()}`, 'STREAMS', stream, '>')
    .exec();
  await eventually(async () => expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(1));
  const [[, placed] = ['', []]] = await stage.redis.xrange(mailboxStream(agentId), '-', '+');
  expect(JSON.parse(placed.at(-1) ?? '')).toEqual({ ...command, sent_before: true });
  expect(await stage.statesOf(command.correlation_id)).toEqual(['dispatched']);
});

it('a malformed entry is set aside and does not keep the others', async () => {
  const dead = new DeadHub(stage);
  const agentId = uniqueAgent();
  await dead.poison(1);
  await dead.add(runCommand(agentId));
  await dead.register();
  await forgotten(dead);
  expect(await stage.redis.xlen(deadLetterStream(dead.stream))).toBe(1);
  expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(1);
});

it('several hubs take over the same one: each entry once, those of an agent in order', async () => {
  const others = [await stage.startHub(), await stage.startHub()];
  const dead = new DeadHub(stage);
  const ids = [uniqueAgent(), uniqueAgent(), uniqueAgent()];
  const commands = ids.flatMap((agentId) => Array.from({ length: 150 }, () => runCommand(agentId)));
  commands.sort((a, b) => (a.correlation_id < b.correlation_id ? -1 : 1));
  await dead.add(...commands.slice(0, 200));
  await dead.poison(POISON);
  await dead.read();
  await dead.add(...commands.slice(200));
  await dead.poison(POISON);
  await dead.register();
  await forgotten(dead);
  for (const agentId of ids) {
    const moved = (await stage.redis.xrange(mailboxStream(agentId), '-', '+')).map(
      ([, fields]) => (JSON.parse(fields.at(-1) ?? '') as CommandBody).correlation_id,
    );
    const expected = commands.filter(({ agent_id }) => agent_id === agentId);
    expect(moved).toEqual(expected.map(({ correlation_id }) => correlation_id));
  }
  expect(await stage.redis.xlen(deadLetterStream(dead.stream))).toBe(2 * POISON);
  await Promise.all(others.map((other) => other.stop()));
});

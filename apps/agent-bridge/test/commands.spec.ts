import { randomUUID } from 'node:crypto';
import { commandEventsStream, hubStream, leaseKey, mailboxStream, streams } from '@viw/contracts';
import type { CommandEventsBody } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { Placement } from '../src/routing/placement';
import { dial, join, uniqueAgent } from './test-agent';
import type { TestAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';
import { connect, entries, matching, nothingLeft, publish, runCommand, untilPast } from './test-streams';

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

const states = async (correlationId: string): Promise<string[]> =>
  (await entries(redis, commandEventsStream))
    .filter((body) => body.correlation_id === correlationId)
    .map(({ state }) => state);

const event = async (
  correlationId: string,
  state: CommandEventsBody['state'],
): Promise<CommandEventsBody> => {
  const [found] = await matching(
    redis,
    commandEventsStream,
    (body) => body.correlation_id === correlationId && body.state === state,
  );
  return found as CommandEventsBody;
};

const inMailbox = (agentId: string, count: number): Promise<void> =>
  eventually(async () => expect(await redis.xlen(mailboxStream(agentId))).toBe(count), {
    what: 'commands in the mailbox',
  });

it('reaches the agent, with an envelope of its own, and leaves Redis once the result is there', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id, { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  const id = await publish(redis, command);
  const frame = await agent.next('COMMAND');
  expect(frame).toMatchObject({ correlation_id: id, verb: 'list_users', jws: command.jws });
  expect(Date.parse(frame.expires_at) - Date.parse(frame.issued_at)).toBe(60_000);
  await event(id, 'dispatched');
  expect((await redis.xpending(hubStream(hub.id), 'agent-bridge'))[0]).toBe(1);
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'received' });
  expect(await event(id, 'acknowledged')).toMatchObject({ agent_id: agent.id, hub: hub.id });
  agent.result(id);
  await agent.next('RESULT_ACK');
  await nothingLeft(redis, hub.id, agent.id);
  await agent.close();
});

it('never outlives the command itself in its envelope', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id, { expires_at: new Date(Date.now() + 20_000).toISOString() });
  await publish(redis, command);
  expect((await agent.next('COMMAND')).expires_at).toBe(command.expires_at);
  await agent.close();
});

it('waits in the mailbox for an offline agent and comes in order after HELLO, not before', async () => {
  const id = uniqueAgent();
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(redis, runCommand(id)));
  await inMailbox(id, 3);
  const agent = await dial(hub.url, id);
  await agent.next('HELLO_ACK');
  ids.push(await publish(redis, runCommand(id)));
  await inMailbox(id, 4);
  expect(agent.all('COMMAND')).toEqual([]);
  agent.hello();
  for (const expected of ids) expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
  for (const each of ids) agent.result(each);
  await nothingLeft(redis, hub.id, id);
  await agent.close();
});

it('at most 4 are in flight, or fewer when the agent says so, in order', async () => {
  for (const [max, hello] of [
    [4, {}],
    [4, { max_concurrency: 60 }],
    [1, { max_concurrency: 1 }],
  ] as const) {
    const agent = await join(hub.url, uniqueAgent(), hello);
    const ids: string[] = [];
    for (let n = 0; n < 8; n++) ids.push(await publish(redis, runCommand(agent.id)));
    for (let done = 0; done < 8; done++) {
      await eventually(() => expect(agent.all('COMMAND')).toHaveLength(Math.min(8, done + max)));
      agent.result(ids[done] ?? '');
      await agent.next('RESULT_ACK');
    }
    expect(agent.all('COMMAND').map(({ correlation_id }) => correlation_id)).toEqual(ids);
    await nothingLeft(redis, hub.id, agent.id);
    await agent.close();
  }
});

it('expired before it is routed, in the mailbox, or waiting for a slot: command_events expired, never sent', async () => {
  const late = await publish(
    redis,
    runCommand(uniqueAgent(), { expires_at: new Date(Date.now() - 1).toISOString() }),
  );
  await event(late, 'expired');

  const id = uniqueAgent();
  const soon = () => runCommand(id, { expires_at: new Date(Date.now() + 1_500).toISOString() });
  const parked = soon();
  await publish(redis, parked);
  await inMailbox(id, 1);
  await untilPast(parked.expires_at);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  await event(parked.correlation_id, 'expired');

  const first = await publish(redis, runCommand(id));
  const waiting = await publish(redis, soon());
  await event(waiting, 'expired');
  agent.result(first);
  await nothingLeft(redis, hub.id, id);
  expect(agent.all('COMMAND').map(({ correlation_id }) => correlation_id)).toEqual([first]);
  expect(await states(waiting)).toEqual(['expired']);
  await agent.close();
});

it('a mailbox lives as long as its longest command is of use, and what is over does not pile up in it', async () => {
  const id = uniqueAgent();
  const inDays = (days: number) =>
    runCommand(id, { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() });
  await publish(redis, runCommand(id));
  await inMailbox(id, 1);
  expect(await redis.pttl(mailboxStream(id))).toBeLessThan(100_000);
  await publish(redis, inDays(3));
  await publish(redis, runCommand(id));
  await inMailbox(id, 3);
  expect(await redis.pttl(mailboxStream(id))).toBeGreaterThan(2 * 86_400_000);

  const old = uniqueAgent();
  // As a year of commands would leave it.
  for (let n = 0; n < 20; n++) await redis.xadd(mailboxStream(old), '*', 'until', 1, 'body', '{}');
  for (let n = 0; n < 10; n++) await publish(redis, runCommand(old));
  await inMailbox(old, 10);
});

it('a verb that the agent does not offer: rejected with the reason', async () => {
  const agent = await join(hub.url, uniqueAgent(), { supported_verbs: ['get_system_health'] });
  const id = await publish(redis, runCommand(agent.id, { verb: 'delete_user' }));
  expect((await event(id, 'rejected')).reason).toContain('delete_user');
  await nothingLeft(redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('COMMAND_ACK busy: stays with the hub and is sent again', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const id = await publish(redis, runCommand(agent.id));
  const first = await agent.next('COMMAND');
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'busy' });
  const second = await agent.next('COMMAND');
  expect(second.correlation_id).toBe(id);
  expect(second.nonce).not.toBe(first.nonce);
  expect(await states(id)).not.toContain('acknowledged');
  agent.result(id);
  await nothingLeft(redis, hub.id, agent.id);
  await agent.close();
});

it('COMMAND_ACK busy, several times: sent again in the order of acceptance', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 2 });
  // One instant of acceptance: nothing but the order of arrival tells them apart.
  const accepted_at = new Date().toISOString();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(redis, runCommand(agent.id, { accepted_at })));
  await eventually(() => expect(agent.all('COMMAND')).toHaveLength(2));
  for (const correlation_id of ids.slice(0, 2))
    agent.send({ type: 'COMMAND_ACK', correlation_id, state: 'busy' });
  await eventually(() => expect(agent.all('COMMAND')).toHaveLength(4));
  expect(
    agent
      .all('COMMAND')
      .slice(2)
      .map(({ correlation_id }) => correlation_id),
  ).toEqual(ids.slice(0, 2));
  for (const id of ids) agent.result(id);
  await eventually(() => expect(agent.all('COMMAND')).toHaveLength(5));
  await nothingLeft(redis, hub.id, agent.id);
  await agent.close();
});

it.each(['served', 'not served'])(
  'what is in the mailbox of an agent that is here and %s is fetched when its lease is renewed',
  async (state) => {
    const agent = await join(hub.url, uniqueAgent());
    await eventually(async () => expect(await redis.hget(leaseKey(agent.id), 'serving')).toBe('1'));
    const command = runCommand(agent.id);
    // As another hub may do that has just seen no sign of life of this one.
    await redis.hdel(leaseKey(agent.id), 'serving');
    await new Placement({ hub: 'elsewhere' }, { redis }).place(command, {});
    if (state === 'served') await redis.hset(leaseKey(agent.id), 'serving', '1');
    expect((await agent.next('COMMAND')).correlation_id).toBe(command.correlation_id);
    agent.result(command.correlation_id);
    await nothingLeft(redis, hub.id, agent.id);
    await agent.close();
  },
);

it('cancel: dropped when not sent yet, CANCEL when sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const running = await publish(redis, runCommand(agent.id));
  const waiting = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id: waiting });
  await event(waiting, 'cancelled');
  await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id: running });
  expect(await agent.next('CANCEL')).toMatchObject({ correlation_id: running, agent_id: agent.id });
  agent.result(running, { status: 'error' });
  await nothingLeft(redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toHaveLength(1);

  const id = uniqueAgent();
  const parked = await publish(redis, runCommand(id));
  await publish(redis, { kind: 'cancel', agent_id: id, correlation_id: parked });
  await inMailbox(id, 2);
  const late = await join(hub.url, id);
  await event(parked, 'cancelled');
  expect(late.all('COMMAND')).toEqual([]);
  await Promise.all([agent.close(), late.close()]);
});

it('cancel that comes before its command: the command ends cancelled, the agent sees a CANCEL at most', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  expect((await agent.next('CANCEL')).correlation_id).toBe(correlation_id);
  await publish(redis, command);
  expect(await event(correlation_id, 'cancelled')).toMatchObject({ agent_id: agent.id });
  await nothingLeft(redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('cancelled while it waited, and published once more afterwards: never sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const first = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  await publish(redis, command);
  await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  await event(correlation_id, 'cancelled');
  for (let copies = 0; copies < 2; copies++) await publish(redis, command);
  agent.result(first);
  await nothingLeft(redis, hub.id, agent.id);
  expect(agent.all('COMMAND').map((frame) => frame.correlation_id)).toEqual([first]);
  await agent.close();
});

it('cancel of a command that waits in the mailbox, or went there because the agent left after it was sent', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id, { max_concurrency: 1 });
  const sent = await publish(redis, runCommand(id));
  await lost.next('COMMAND');
  lost.cut();
  await inMailbox(id, 1);
  const parked = await publish(redis, runCommand(id));
  await inMailbox(id, 2);
  for (const correlation_id of [sent, parked])
    await publish(redis, { kind: 'cancel', agent_id: id, correlation_id });
  await inMailbox(id, 4);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  // It may have been carried out: only the agent can say.
  expect((await agent.next('CANCEL')).correlation_id).toBe(sent);
  await event(parked, 'cancelled');
  await nothingLeft(redis, hub.id, id);
  expect(await states(sent)).not.toContain('cancelled');
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('cancel follows its command to whichever hub has the agent', async () => {
  const other = await startHub(server.url);
  const agent = await join(other.url, uniqueAgent(), { max_concurrency: 1 });
  const running = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const waiting = await publish(redis, runCommand(agent.id));
  for (const correlation_id of [waiting, running])
    await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  await event(waiting, 'cancelled');
  await eventually(() =>
    expect(agent.all('CANCEL').map(({ correlation_id }) => correlation_id)).toContain(running),
  );
  agent.result(running, { status: 'error' });
  await nothingLeft(redis, other.id, agent.id);
  expect(agent.all('COMMAND')).toHaveLength(1);
  await agent.close();
  await other.stop();
});

it('dispatched, not answered, connection lost: sent again after the next HELLO, before newer ones', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id, { max_concurrency: 1 });
  const ids = [await publish(redis, runCommand(id)), await publish(redis, runCommand(id))];
  await lost.next('COMMAND');
  lost.cut();
  await inMailbox(id, 2);
  ids.push(await publish(redis, runCommand(id)));
  await inMailbox(id, 3);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  for (const expected of ids) {
    expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
    agent.result(expected);
  }
  await nothingLeft(redis, hub.id, id);
  await agent.close();
});

it('dispatched, connection lost, verb no longer offered: the agent is asked again, for it may have been carried out', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id);
  const sent = await publish(redis, runCommand(id));
  await lost.next('COMMAND');
  lost.cut();
  await inMailbox(id, 1);
  const agent = await join(hub.url, id, { supported_verbs: ['get_system_health'] });
  expect((await agent.next('COMMAND')).correlation_id).toBe(sent);
  agent.result(sent);
  await nothingLeft(redis, hub.id, id);
  expect(await states(sent)).not.toContain('rejected');
  await agent.close();
});

it('dispatched, connection lost, time over: not sent again and not called expired', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id);
  const command = runCommand(id, { expires_at: new Date(Date.now() + 1_500).toISOString() });
  await publish(redis, command);
  await lost.next('COMMAND');
  lost.cut();
  await inMailbox(id, 1);
  await untilPast(command.expires_at);
  const agent = await join(hub.url, id);
  await nothingLeft(redis, hub.id, id);
  expect(agent.all('COMMAND')).toEqual([]);
  expect(await states(command.correlation_id)).toEqual(['dispatched']);
  await agent.close();
});

it('given twice, sent once', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id);
  await publish(redis, command);
  await publish(redis, command);
  const after = await publish(redis, runCommand(agent.id));
  await eventually(() => expect(agent.all('COMMAND').at(-1)?.correlation_id).toBe(after));
  expect(agent.all('COMMAND')).toHaveLength(2);
  agent.result(command.correlation_id);
  agent.result(after);
  await nothingLeft(redis, hub.id, agent.id);
  await agent.close();
});

it('given twice, the copy perhaps sent by another hub: the one that waits here is treated as perhaps sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const first = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  for (const body of [command, { ...command, sent_before: true }]) await publish(redis, body);
  await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  expect(await agent.next('CANCEL')).toMatchObject({ correlation_id });
  agent.result(first);
  await nothingLeft(redis, hub.id, agent.id);
  expect(await states(correlation_id)).toEqual([]);
  await agent.close();
});

it('finds the agent on whichever hub it is, and follows it', async () => {
  const other = await startHub(server.url);
  const id = uniqueAgent();
  const here = await join(hub.url, id);
  const first = await publish(redis, runCommand(id));
  await here.next('COMMAND');
  // The hub that is left behind finds out when it renews its leases.
  const there = await join(other.url, id);
  expect(await redis.hget(leaseKey(id), 'hub')).toBe(other.id);
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(redis, runCommand(id)));
  expect(await here.closed).toBe(4409);
  // The one that was with the former hub comes whenever that hub lets go of it; the others keep their order.
  await eventually(() => expect(there.all('COMMAND')).toHaveLength(4));
  const sent = there.all('COMMAND').map(({ correlation_id }) => correlation_id);
  expect(sent.filter((each) => each !== first)).toEqual(ids);
  expect(sent).toContain(first);
  for (const each of sent) there.result(each);
  await nothingLeft(redis, other.id, id);
  await nothingLeft(redis, hub.id, id);
  await there.close();
  await other.stop();
});

it('keeps the order per agent although two hubs read the commands side by side', async () => {
  const other = await startHub(server.url);
  const agents = await Promise.all([
    join(hub.url, uniqueAgent(), { max_concurrency: 1 }),
    join(other.url, uniqueAgent(), { max_concurrency: 1 }),
  ]);
  const given = new Map<string, string[]>(agents.map(({ id }) => [id, []]));
  // One instant of acceptance: nothing but the order of the stream tells them apart.
  const accepted_at = new Date().toISOString();
  for (let n = 0; n < 40; n++) {
    const { id } = agents[n % 2] as TestAgent;
    given.get(id)?.push(await publish(redis, runCommand(id, { accepted_at })));
  }
  await Promise.all(
    agents.map(async (agent) => {
      for (const expected of given.get(agent.id) ?? []) {
        expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
        agent.result(expected);
      }
    }),
  );
  for (const [index, { id }] of [hub, other].entries()) await nothingLeft(redis, id, agents[index]?.id ?? '');
  await Promise.all(agents.map((agent) => agent.close()));
  await other.stop();
});

it('a stopped hub closes with 1012, leaves its commands in the mailbox and no lease', async () => {
  const leaving = await startHub(server.url);
  const agent = await join(leaving.url, uniqueAgent());
  const id = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await leaving.stop();
  expect(await agent.closed).toBe(1012);
  expect(await redis.xlen(mailboxStream(agent.id))).toBe(1);
  expect(await redis.exists(leaseKey(agent.id))).toBe(0);
  const back = await join(hub.url, agent.id);
  expect((await back.next('COMMAND')).correlation_id).toBe(id);
  back.result(id);
  await nothingLeft(redis, hub.id, agent.id);
  await back.close();
});

it('a malformed entry is set aside and stops nothing', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const dead = await redis.xlen(`${streams.commands}.dead`);
  await redis.xadd(streams.commands, '*', 'body', '{"kind":"run"}');
  await redis.xadd(
    streams.commands,
    '*',
    'event_id',
    randomUUID(),
    'ts',
    new Date().toISOString(),
    'v',
    '1',
    'body',
    '{',
  );
  const id = await publish(redis, runCommand(agent.id));
  expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  await eventually(async () => expect(await redis.xlen(`${streams.commands}.dead`)).toBe(dead + 2));
  agent.result(id);
  await nothingLeft(redis, hub.id, agent.id);
  await agent.close();
});

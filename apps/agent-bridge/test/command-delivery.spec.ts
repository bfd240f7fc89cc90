import { randomUUID } from 'node:crypto';
import { hubStream, leaseKey, mailboxStream, streams } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { Placement } from '../src/routing/placement';
import { hubStage } from './hub-stage';
import { dial, join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, publish, runCommand, shortLived, untilPast } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

it('reaches the agent, with an envelope of its own, and leaves Redis once the result is there', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id, { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  const id = await publish(stage.redis, command);
  const frame = await agent.next('COMMAND');
  expect(frame).toMatchObject({ correlation_id: id, verb: 'list_users', jws: command.jws });
  expect(Date.parse(frame.expires_at) - Date.parse(frame.issued_at)).toBe(60_000);
  await stage.event(id, 'dispatched');
  expect((await stage.redis.xpending(hubStream(hub.id), 'agent-bridge'))[0]).toBe(1);
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'received' });
  expect(await stage.event(id, 'acknowledged')).toMatchObject({ agent_id: agent.id, hub: hub.id });
  agent.result(id);
  await agent.next('RESULT_ACK');
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('never outlives the command itself in its envelope', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id, { expires_at: new Date(Date.now() + 20_000).toISOString() });
  await publish(stage.redis, command);
  expect((await agent.next('COMMAND')).expires_at).toBe(command.expires_at);
  await agent.close();
});

it('waits in the mailbox for an offline agent and comes in order after HELLO, not before', async () => {
  const id = uniqueAgent();
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(stage.redis, runCommand(id)));
  await stage.inMailbox(id, 3);
  const agent = await dial(hub.url, id);
  await agent.next('HELLO_ACK');
  ids.push(await publish(stage.redis, runCommand(id)));
  await stage.inMailbox(id, 4);
  expect(agent.all('COMMAND')).toEqual([]);
  agent.hello();
  for (const expected of ids) expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
  for (const each of ids) agent.result(each);
  await nothingLeft(stage.redis, hub.id, id);
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
    for (let n = 0; n < 8; n++) ids.push(await publish(stage.redis, runCommand(agent.id)));
    for (let done = 0; done < 8; done++) {
      await eventually(() => expect(agent.all('COMMAND')).toHaveLength(Math.min(8, done + max)));
      agent.result(ids[done] ?? '');
      await agent.next('RESULT_ACK');
    }
    expect(agent.all('COMMAND').map(({ correlation_id }) => correlation_id)).toEqual(ids);
    await nothingLeft(stage.redis, hub.id, agent.id);
    await agent.close();
  }
});

it('expired before it is routed, in the mailbox, or waiting for a slot: command_events expired, never sent', async () => {
  const late = await publish(
    stage.redis,
    runCommand(uniqueAgent(), { expires_at: new Date(Date.now() - 1).toISOString() }),
  );
  await stage.event(late, 'expired');

  const id = uniqueAgent();
  const parked = await shortLived(stage.redis, id, async () =>
    expect(await stage.redis.xlen(mailboxStream(id))).toBe(1),
  );
  await untilPast(parked.expires_at);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  await stage.event(parked.correlation_id, 'expired');

  const first = await publish(stage.redis, runCommand(id));
  const soon = new Date(Date.now() + 1_500).toISOString();
  const waiting = await publish(stage.redis, runCommand(id, { expires_at: soon }));
  await stage.event(waiting, 'expired');
  agent.result(first);
  await nothingLeft(stage.redis, hub.id, id);
  expect(agent.all('COMMAND').map(({ correlation_id }) => correlation_id)).toEqual([first]);
  expect(await stage.statesOf(waiting)).toEqual(['expired']);
  await agent.close();
});

it('a mailbox lives as long as its longest command is of use, and what is over does not pile up in it', async () => {
  const id = uniqueAgent();
  const inDays = (days: number) =>
    runCommand(id, { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() });
  await publish(stage.redis, runCommand(id));
  await stage.inMailbox(id, 1);
  expect(await stage.redis.pttl(mailboxStream(id))).toBeLessThan(100_000);
  await publish(stage.redis, inDays(3));
  await publish(stage.redis, runCommand(id));
  await stage.inMailbox(id, 3);
  expect(await stage.redis.pttl(mailboxStream(id))).toBeGreaterThan(2 * 86_400_000);

  const old = uniqueAgent();
  // As a year of commands would leave it.
  for (let n = 0; n < 20; n++) await stage.redis.xadd(mailboxStream(old), '*', 'until', 1, 'body', '{}');
  for (let n = 0; n < 10; n++) await publish(stage.redis, runCommand(old));
  await stage.inMailbox(old, 10);
});

it('a verb that the agent does not offer: rejected with the reason', async () => {
  const agent = await join(hub.url, uniqueAgent(), { supported_verbs: ['get_system_health'] });
  const id = await publish(stage.redis, runCommand(agent.id, { verb: 'delete_user' }));
  expect((await stage.event(id, 'rejected')).reason).toContain('delete_user');
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it.each(['served', 'not served'])(
  'what is in the mailbox of an agent that is here and %s is fetched when its lease is renewed',
  async (state) => {
    const agent = await join(hub.url, uniqueAgent());
    await eventually(async () => expect(await stage.redis.hget(leaseKey(agent.id), 'serving')).toBe('1'));
    const command = runCommand(agent.id);
    // As another hub may do that has just seen no sign of life of this one.
    await stage.redis.hdel(leaseKey(agent.id), 'serving');
    await new Placement({ hub: 'elsewhere' }, { redis: stage.redis }).place(command, {});
    if (state === 'served') await stage.redis.hset(leaseKey(agent.id), 'serving', '1');
    expect((await agent.next('COMMAND')).correlation_id).toBe(command.correlation_id);
    agent.result(command.correlation_id);
    await nothingLeft(stage.redis, hub.id, agent.id);
    await agent.close();
  },
);

it('a malformed entry is set aside and stops nothing', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const dead = await stage.redis.xlen(`${streams.commands}.dead`);
  await stage.redis.xadd(streams.commands, '*', 'body', '{"kind":"run"}');
  await stage.redis.xadd(
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
  const id = await publish(stage.redis, runCommand(agent.id));
  expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  await eventually(async () => expect(await stage.redis.xlen(`${streams.commands}.dead`)).toBe(dead + 2));
  agent.result(id);
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

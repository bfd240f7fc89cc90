import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, publish, runCommand, shortLived, untilPast } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

it('COMMAND_ACK busy: stays with the hub and is sent again', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const id = await publish(stage.redis, runCommand(agent.id));
  const first = await agent.next('COMMAND');
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'busy' });
  const second = await agent.next('COMMAND');
  expect(second.correlation_id).toBe(id);
  expect(second.nonce).not.toBe(first.nonce);
  expect(await stage.statesOf(id)).not.toContain('acknowledged');
  agent.result(id);
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('COMMAND_ACK busy, several times: sent again in the order of acceptance', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 2 });
  // One instant of acceptance: nothing but the order of arrival tells them apart.
  const accepted_at = new Date().toISOString();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(stage.redis, runCommand(agent.id, { accepted_at })));
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
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('dispatched, not answered, connection lost: sent again after the next HELLO, before newer ones', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id, { max_concurrency: 1 });
  const ids = [await publish(stage.redis, runCommand(id)), await publish(stage.redis, runCommand(id))];
  await lost.next('COMMAND');
  lost.cut();
  await stage.inMailbox(id, 2);
  ids.push(await publish(stage.redis, runCommand(id)));
  await stage.inMailbox(id, 3);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  for (const expected of ids) {
    expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
    agent.result(expected);
  }
  await nothingLeft(stage.redis, hub.id, id);
  await agent.close();
});

it('dispatched, connection lost, verb no longer offered: the agent is asked again, for it may have been carried out', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id);
  const sent = await publish(stage.redis, runCommand(id));
  await lost.next('COMMAND');
  lost.cut();
  await stage.inMailbox(id, 1);
  const agent = await join(hub.url, id, { supported_verbs: ['get_system_health'] });
  expect((await agent.next('COMMAND')).correlation_id).toBe(sent);
  agent.result(sent);
  await nothingLeft(stage.redis, hub.id, id);
  expect(await stage.statesOf(sent)).not.toContain('rejected');
  await agent.close();
});

it('dispatched, connection lost, time over: not sent again and not called expired', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id);
  const command = await shortLived(
    stage.redis,
    id,
    ({ correlation_id }) =>
      expect(lost.all('COMMAND')).toContainEqual(expect.objectContaining({ correlation_id })),
    ({ correlation_id }) => {
      lost.result(correlation_id);
      return nothingLeft(stage.redis, hub.id, id);
    },
  );
  lost.cut();
  await stage.inMailbox(id, 1);
  await untilPast(command.expires_at);
  const agent = await join(hub.url, id);
  await nothingLeft(stage.redis, hub.id, id);
  expect(agent.all('COMMAND')).toEqual([]);
  // It may be said twice, by whoever gave the command its next place.
  expect([...new Set(await stage.statesOf(command.correlation_id))]).toEqual(['dispatched']);
  await agent.close();
});

it('given twice, sent once', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id);
  await publish(stage.redis, command);
  await publish(stage.redis, command);
  const after = await publish(stage.redis, runCommand(agent.id));
  await eventually(() => expect(agent.all('COMMAND').at(-1)?.correlation_id).toBe(after));
  expect(agent.all('COMMAND')).toHaveLength(2);
  agent.result(command.correlation_id);
  agent.result(after);
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('given twice, the copy perhaps sent by another hub: the one that waits here is treated as perhaps sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const first = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  for (const body of [command, { ...command, sent_before: true }]) await publish(stage.redis, body);
  await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  expect(await agent.next('CANCEL')).toMatchObject({ correlation_id });
  agent.result(first);
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(await stage.statesOf(correlation_id)).toEqual([]);
  await agent.close();
});

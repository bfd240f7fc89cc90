import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

it('cancel: dropped when not sent yet, CANCEL when sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const running = await publish(stage.redis, runCommand(agent.id));
  const waiting = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id: waiting });
  await stage.event(waiting, 'cancelled');
  await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id: running });
  expect(await agent.next('CANCEL')).toMatchObject({ correlation_id: running, agent_id: agent.id });
  agent.result(running, { status: 'error' });
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toHaveLength(1);

  const id = uniqueAgent();
  const parked = await publish(stage.redis, runCommand(id));
  await publish(stage.redis, { kind: 'cancel', agent_id: id, correlation_id: parked });
  await stage.inMailbox(id, 2);
  const late = await join(hub.url, id);
  await stage.event(parked, 'cancelled');
  expect(late.all('COMMAND')).toEqual([]);
  await Promise.all([agent.close(), late.close()]);
});

it('cancel that comes before its command: the command ends cancelled, the agent sees a CANCEL at most', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  expect((await agent.next('CANCEL')).correlation_id).toBe(correlation_id);
  await publish(stage.redis, command);
  expect(await stage.event(correlation_id, 'cancelled')).toMatchObject({ agent_id: agent.id });
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('cancelled while it waited, and published once more afterwards: never sent', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const first = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const command = runCommand(agent.id);
  const { correlation_id } = command;
  await publish(stage.redis, command);
  await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  await stage.event(correlation_id, 'cancelled');
  for (let copies = 0; copies < 2; copies++) await publish(stage.redis, command);
  agent.result(first);
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(agent.all('COMMAND').map((frame) => frame.correlation_id)).toEqual([first]);
  await agent.close();
});

it('cancel of a command that waits in the mailbox, or went there because the agent left after it was sent', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id, { max_concurrency: 1 });
  const sent = await publish(stage.redis, runCommand(id));
  await lost.next('COMMAND');
  lost.cut();
  await stage.inMailbox(id, 1);
  const parked = await publish(stage.redis, runCommand(id));
  await stage.inMailbox(id, 2);
  for (const correlation_id of [sent, parked])
    await publish(stage.redis, { kind: 'cancel', agent_id: id, correlation_id });
  await stage.inMailbox(id, 4);
  const agent = await join(hub.url, id, { max_concurrency: 1 });
  // It may have been carried out: only the agent can say.
  expect((await agent.next('CANCEL')).correlation_id).toBe(sent);
  await stage.event(parked, 'cancelled');
  await nothingLeft(stage.redis, hub.id, id);
  expect(await stage.statesOf(sent)).not.toContain('cancelled');
  expect(agent.all('COMMAND')).toEqual([]);
  await agent.close();
});

it('cancel follows its command to whichever hub has the agent', async () => {
  const other = await stage.startHub();
  const agent = await join(other.url, uniqueAgent(), { max_concurrency: 1 });
  const running = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const waiting = await publish(stage.redis, runCommand(agent.id));
  for (const correlation_id of [waiting, running])
    await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id });
  await stage.event(waiting, 'cancelled');
  await eventually(() =>
    expect(agent.all('CANCEL').map(({ correlation_id }) => correlation_id)).toContain(running),
  );
  agent.result(running, { status: 'error' });
  await nothingLeft(stage.redis, other.id, agent.id);
  expect(agent.all('COMMAND')).toHaveLength(1);
  await agent.close();
  await other.stop();
});

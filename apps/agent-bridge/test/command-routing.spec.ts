import { leaseKey, mailboxStream } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

it('finds the agent on whichever hub it is, and follows it', async () => {
  const other = await stage.startHub();
  const id = uniqueAgent();
  const here = await join(hub.url, id);
  const first = await publish(stage.redis, runCommand(id));
  await here.next('COMMAND');
  // The hub that is left behind finds out when it renews its leases.
  const there = await join(other.url, id);
  expect(await stage.redis.hget(leaseKey(id), 'hub')).toBe(other.id);
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push(await publish(stage.redis, runCommand(id)));
  expect(await here.closed).toBe(4409);
  // The one that was with the former hub comes whenever that hub lets go of it; the others keep their order.
  await eventually(() => expect(there.all('COMMAND')).toHaveLength(4));
  const sent = there.all('COMMAND').map(({ correlation_id }) => correlation_id);
  expect(sent.filter((each) => each !== first)).toEqual(ids);
  expect(sent).toContain(first);
  for (const each of sent) there.result(each);
  await nothingLeft(stage.redis, other.id, id);
  await nothingLeft(stage.redis, hub.id, id);
  await there.close();
  await other.stop();
});

it('keeps the order per agent although two hubs read the commands side by side', async () => {
  const other = await stage.startHub();
  const agents = await Promise.all([
    join(hub.url, uniqueAgent(), { max_concurrency: 1 }),
    join(other.url, uniqueAgent(), { max_concurrency: 1 }),
  ]);
  const given = new Map<string, string[]>(agents.map(({ id }) => [id, []]));
  // One instant of acceptance: nothing but the order of the stream tells them apart.
  const accepted_at = new Date().toISOString();
  for (let n = 0; n < 40; n++) {
    const { id } = agents[n % 2] as TestAgent;
    given.get(id)?.push(await publish(stage.redis, runCommand(id, { accepted_at })));
  }
  await Promise.all(
    agents.map(async (agent) => {
      for (const expected of given.get(agent.id) ?? []) {
        expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
        agent.result(expected);
      }
    }),
  );
  for (const [index, { id }] of [hub, other].entries())
    await nothingLeft(stage.redis, id, agents[index]?.id ?? '');
  await Promise.all(agents.map((agent) => agent.close()));
  await other.stop();
});

it('a stopped hub closes with 1012, leaves its commands in the mailbox and no lease', async () => {
  const leaving = await stage.startHub();
  const agent = await join(leaving.url, uniqueAgent());
  const id = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await leaving.stop();
  expect(await agent.closed).toBe(1012);
  expect(await stage.redis.xlen(mailboxStream(agent.id))).toBe(1);
  expect(await stage.redis.exists(leaseKey(agent.id))).toBe(0);
  const back = await join(hub.url, agent.id);
  expect((await back.next('COMMAND')).correlation_id).toBe(id);
  back.result(id);
  await nothingLeft(stage.redis, hub.id, agent.id);
  await back.close();
});

import { hubAliveKey, mailboxStream } from '@viw/contracts';
import type { CommandBody } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { Placement } from '../src/routing/placement';
import { DeadHub } from './dead-hub';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

describe('the script that gives a command its place', () => {
  const place = (command: CommandBody, from?: object) =>
    new Placement({ hub: hub.id }, { redis: stage.redis }).place(
      command,
      {},
      from ? ({ from } as never) : {},
    );

  it('puts nothing into the stream of a hub that shows no sign of life, and lets nothing overtake it', async () => {
    const dead = new DeadHub(stage);
    const agentId = uniqueAgent();
    await dead.hold(agentId);
    expect(await place(runCommand(agentId))).toBe('mailbox');
    await stage.redis.set(hubAliveKey(dead.id), '1');
    expect(await place(runCommand(agentId))).toBe('mailbox');
    expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(2);
    expect(await stage.redis.exists(dead.stream)).toBe(0);
  });

  it('moves nothing away from a hub that has come back, read or not', async () => {
    const dead = new DeadHub(stage);
    const agentId = uniqueAgent();
    const [read, unread] = [runCommand(agentId), runCommand(agentId)];
    await dead.add(read);
    await dead.read();
    await dead.add(unread);
    await stage.redis.set(hubAliveKey(dead.id), '1');
    const ids = (await stage.redis.xrange(dead.stream, '-', '+')).map(([id]) => id);
    expect(await place(read, { id: ids[0], state: 'pending', deadHub: dead.id })).toBe('alive');
    expect(await place(unread, { id: ids[1], state: 'unread', deadHub: dead.id })).toBe('alive');
    expect(await stage.redis.xlen(dead.stream)).toBe(2);
    expect(await stage.redis.exists(mailboxStream(agentId))).toBe(0);
  });

  it('moves an entry once, and not as unread when it has been read meanwhile', async () => {
    const dead = new DeadHub(stage);
    const agentId = uniqueAgent();
    const command = runCommand(agentId);
    await dead.add(command);
    const [id] = await dead.read();
    expect(await place(command, { id, state: 'unread', deadHub: dead.id })).toBe('gone');
    expect(await place(command, { id, state: 'pending', deadHub: dead.id })).toBe('mailbox');
    expect(await place(command, { id, state: 'pending', deadHub: dead.id })).toBe('gone');
    expect(await stage.redis.xlen(mailboxStream(agentId))).toBe(1);
  });

  it('HELLO against placing, many times over: nothing stays behind in a mailbox', async () => {
    for (let round = 0; round < 10; round++) {
      const id = uniqueAgent();
      const sent: Promise<string>[] = [];
      const joining = join(hub.url, id, { max_concurrency: 4 });
      for (let n = 0; n < 4; n++) sent.push(publish(stage.redis, runCommand(id)));
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
      await nothingLeft(stage.redis, hub.id, id);
      await agent.close();
    }
  });
});

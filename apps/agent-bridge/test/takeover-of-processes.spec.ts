import { hubRegisterKey, hubStream } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { HubProcesses } from './hub-process';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { allHeld, nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

const forgotten = (dead: { readonly id: string; readonly stream: string }): Promise<void> =>
  eventually(async () => {
    expect(await stage.redis.exists(dead.stream)).toBe(0);
    expect(await stage.redis.sismember(hubRegisterKey, dead.id)).toBe(0);
  });

describe('a hub as a process of its own', () => {
  let processes: HubProcesses;
  beforeAll(async () => {
    processes = await HubProcesses.bundle('fast-hub.ts');
  });
  afterAll(() => processes.end());

  it('killed: its agents find their commands at another hub, each once', async () => {
    const killed = await processes.launch(stage.url);
    const agent = await join(killed.url, uniqueAgent(), { max_concurrency: 2 });
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await publish(stage.redis, runCommand(agent.id)));
    await eventually(() => expect(agent.all('COMMAND')).toHaveLength(2));
    await allHeld(stage.redis, killed.id, 5);
    await killed.program.kill();
    const back = await join(hub.url, agent.id, { max_concurrency: 2 });
    for (let n = 0; n < ids.length; n++) back.result((await back.next('COMMAND', 20_000)).correlation_id);
    await nothingLeft(stage.redis, hub.id, agent.id);
    await forgotten({ id: killed.id, stream: hubStream(killed.id) });
    const given = back.all('COMMAND').map(({ correlation_id }) => correlation_id);
    expect([...given].sort()).toEqual([...ids].sort());
    for (const id of ids) expect(await stage.statesOf(id)).not.toContain('expired');
    await back.close();
  });

  it('frozen and awake again: it sends and ends nothing that others have taken over', async () => {
    const frozen = await processes.launch(stage.url);
    const here = await join(frozen.url, uniqueAgent(), { max_concurrency: 1 });
    const soon = () => runCommand(here.id, { expires_at: new Date(Date.now() + 25_000).toISOString() });
    const commands = [soon(), soon(), soon()];
    for (const command of commands) await publish(stage.redis, command);
    const first = (await here.next('COMMAND')).correlation_id;
    await allHeld(stage.redis, frozen.id, 3);
    frozen.program.signal('SIGSTOP');
    await stage.inMailbox(here.id, 3);
    const there = await join(hub.url, here.id, { max_concurrency: 1 });
    for (let n = 0; n < 3; n++) there.result((await there.next('COMMAND')).correlation_id);
    await nothingLeft(stage.redis, hub.id, here.id);
    // Frees the slot on the old connection as soon as the hub reads it.
    here.result(first);
    frozen.program.signal('SIGCONT');
    expect(await here.closed).toBe(4409);
    expect(here.all('COMMAND')).toHaveLength(1);
    await eventually(() => expect(frozen.program.output()).toContain('hub_taken_for_dead'));
    await nothingLeft(stage.redis, frozen.id, here.id);
    // Told by whoever sent it, and by the hub that took it over as perhaps sent.
    for (const { correlation_id } of commands)
      expect(await stage.statesOf(correlation_id)).toEqual(
        Array(correlation_id === first ? 3 : 2).fill('dispatched'),
      );

    // It is a hub like any other again.
    const again = await join(frozen.url, uniqueAgent());
    const id = await publish(stage.redis, runCommand(again.id));
    expect((await again.next('COMMAND')).correlation_id).toBe(id);
    again.result(id);
    await nothingLeft(stage.redis, frozen.id, again.id);
    await Promise.all([there.close(), again.close()]);
    await frozen.program.stop();
  });
});

import { agentSessionsStream, commandEventsStream } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { registryStage } from './registry-stage';
import { dial, join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { active, unknownAgent } from './test-registry';
import { matching, nothingLeft, publish, runCommand } from './test-streams';

const stage = registryStage();

describe('an agent that the registry does not know', () => {
  it('discover: seen, but without commands until it is adopted', async () => {
    const one = await stage.startHub();
    const id = unknownAgent();
    const agent = await join(one.url, id);
    const command = await publish(stage.redis, runCommand(id));
    const known = await join(one.url, uniqueAgent());
    const other = await publish(stage.redis, runCommand(known.id));
    expect((await known.next('COMMAND')).correlation_id).toBe(other);
    expect(agent.all('COMMAND')).toEqual([]);
    await stage.registry.gateway(active(id));
    expect((await agent.next('COMMAND')).correlation_id).toBe(command);
    for (const [each, what] of [
      [agent, command],
      [known, other],
    ] as const)
      each.result(what);
    await nothingLeft(stage.redis, one.id, id);
  });

  it('refuse: 403 NOT_ALLOWED', async () => {
    const strict = await stage.startHub({ AGENT_BRIDGE_UNKNOWN_AGENTS: 'refuse' });
    expect(await stage.refusalOf(strict, unknownAgent())).toBe('403 NOT_ALLOWED');
    await (await dial(strict.url, uniqueAgent())).close();
  });
});

describe('below the minimum version', () => {
  it('refuse: told at HELLO with 4426, and when the minimum rises', async () => {
    const one = await stage.startHub();
    const [old, enough] = [uniqueAgent(), uniqueAgent()];
    for (const id of [old, enough]) await stage.registry.gateway(active(id, { min_version: '1.10.0' }));
    await stage.settled(one, 2);
    const late = await dial(one.url, old);
    late.hello({ version: '1.9.0' });
    expect(await late.closed).toBe(4426);
    expect(late.all('WELCOME')).toEqual([]);
    const [entry] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'rejected' && body.agent_id === old,
    );
    expect(entry).toMatchObject({ reason: 'VERSION_TOO_OLD' });
    const agent = await join(one.url, enough, { version: '1.10.0' });
    await stage.registry.gateway(active(enough, { min_version: '2.0.0' }));
    expect(await agent.closed).toBe(4426);
  });

  it('reads: only verbs that read are sent, others are rejected with the reason', async () => {
    const one = await stage.startHub({ AGENT_BRIDGE_OLD_VERSIONS: 'reads' });
    const id = uniqueAgent();
    await stage.registry.gateway(active(id, { min_version: '2.0.0' }));
    await stage.settled(one, 1);
    const agent = await join(one.url, id, { version: '1.9.0' });
    const [change, read, unheard] = [
      await publish(stage.redis, runCommand(id, { verb: 'delete_user' })),
      await publish(stage.redis, runCommand(id, { verb: 'list_users' })),
      await publish(stage.redis, runCommand(id, { verb: 'unheard_of' })),
    ];
    expect((await agent.next('COMMAND')).correlation_id).toBe(read);
    for (const refused of [change, unheard]) {
      const [told] = await matching(
        stage.redis,
        commandEventsStream,
        (body) => body.correlation_id === refused && body.state === 'rejected',
      );
      expect(told?.reason).toContain('2.0.0');
    }
    expect(agent.all('COMMAND')).toHaveLength(1);
    await stage.registry.gateway(active(id, { min_version: '1.9.0' }));
    const now = await publish(stage.redis, runCommand(id, { verb: 'delete_user' }));
    expect((await agent.next('COMMAND')).correlation_id).toBe(now);
  });
});

describe('the emergency stop', () => {
  it('is effective on every hub: no command is sent, and after it they go in order', async () => {
    const [one, two] = [await stage.startHub(), await stage.startHub()];
    const agents = [await join(one.url, uniqueAgent()), await join(two.url, uniqueAgent())];
    const frozen = async (each: TestHub) =>
      ((await stage.readiness(each)).registry?.reason ?? '').includes('frozen');
    await stage.registry.freeze(true);
    await eventually(async () => expect([await frozen(one), await frozen(two)]).toEqual([true, true]), {
      everyMs: 10,
    });
    const waiting: string[][] = [];
    for (const { id } of agents)
      waiting.push([await publish(stage.redis, runCommand(id)), await publish(stage.redis, runCommand(id))]);
    const late = runCommand(agents[0]?.id ?? '', { expires_at: new Date(Date.now() + 1_000).toISOString() });
    await publish(stage.redis, late);
    // What is over while it is frozen ends honestly.
    await matching(
      stage.redis,
      commandEventsStream,
      (body) => body.correlation_id === late.correlation_id && body.state === 'expired',
    );
    for (const agent of agents) expect(agent.all('COMMAND')).toEqual([]);
    await stage.registry.freeze(false);
    for (const [index, agent] of agents.entries())
      for (const expected of waiting[index] ?? [])
        expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
  });

  it('a hub that starts while it is on sends none either', async () => {
    await stage.registry.freeze(true);
    const one = await stage.startHub();
    expect(await one.metrics()).toMatch(/viw_commands_frozen\{.*\} 1/);
    const agent = await join(one.url, uniqueAgent());
    const id = await publish(stage.redis, runCommand(agent.id));
    const cancelled = await publish(stage.redis, runCommand(agent.id));
    await publish(stage.redis, { kind: 'cancel', agent_id: agent.id, correlation_id: cancelled });
    await matching(
      stage.redis,
      commandEventsStream,
      (body) => body.correlation_id === cancelled && body.state === 'cancelled',
    );
    expect(agent.all('COMMAND')).toEqual([]);
    await stage.registry.freeze(false);
    expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  });
});

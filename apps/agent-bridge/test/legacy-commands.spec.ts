import { commandResultsStream } from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { legacyStage } from './legacy-stage';
import { LegacyAgent, nanoseconds } from './legacy-agent';
import { join } from './test-agent';
import { entries, matching, nothingLeft, publish, runCommand } from './test-streams';

const stage = legacyStage();

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A command as the backend makes it. */
function signed(agentId: string, more: { args?: object; claims?: object } & Partial<RunCommandBody> = {}) {
  const { args = {}, claims = {}, ...body } = more;
  const command = runCommand(agentId, body);
  const issued = Math.floor(Date.parse(command.accepted_at) / 1_000) - 3_600;
  const jws = [
    base64url({ alg: 'EdDSA', kid: 'k', typ: 'viw-command+jws' }),
    base64url({
      corr_id: command.correlation_id,
      verb: command.verb,
      args,
      actor: { id: 'a-1', role: 'admin' },
      policy_id: 'default',
      nonce: 'the nonce that was signed',
      iat: issued,
      exp: Math.floor(Date.parse(command.expires_at) / 1_000),
      agent_targets: [agentId],
      ...claims,
    }),
    'c2ln',
  ].join('.');
  return { ...command, jws };
}

describe('a command', () => {
  it('comes in clear, with the times and the nonce of its dispatch', async () => {
    const agent = await stage.joined();
    const args = { username: 'alice' };
    const id = await publish(stage.redis, signed(agent.id, { verb: 'delete_user', args }));
    const command = await agent.nextCommand();
    expect(command).toEqual({
      corr_id: id,
      verb: 'delete_user',
      args,
      actor: { id: 'a-1', role: 'admin' },
      policy_id: 'default',
      nonce: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      iat: expect.any(Number) as number,
      exp: expect.any(Number) as number,
      agent_targets: [agent.id],
    });
    expect(command.exp - command.iat).toBeLessThanOrEqual(60);
    await stage.event(id, 'dispatched');
    await agent.close();
  });

  it('one at a time; each is over after its verb’s time, dispatched and never more than that', async () => {
    const agent = await stage.joined();
    const ids: string[] = [];
    for (let n = 0; n < 2; n++) ids.push(await publish(stage.redis, signed(agent.id, { timeout_s: 2 })));
    await agent.nextCommand();
    const first = await stage.event(ids[0] ?? '', 'dispatched');
    await agent.nextCommand(2);
    const second = await stage.event(ids[1] ?? '', 'dispatched');
    expect(Date.parse(second.at) - Date.parse(first.at)).toBeGreaterThan(1_900);
    expect(agent.commands.map(({ corr_id }) => corr_id)).toEqual(ids);
    const [one, two] = agent.commands.map(({ iat }) => iat);
    expect((two ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(1);
    await nothingLeft(stage.redis, stage.hub.id, agent.id);
    for (const id of ids) expect(await stage.statesOf(id)).toEqual(['dispatched']);
    expect(
      (await entries(stage.redis, commandResultsStream)).filter(({ result }) =>
        ids.includes(result.correlation_id),
      ),
    ).toEqual([]);
    await agent.close();
  });

  it('is not sent a second time: not after a reconnect, not when it is published again', async () => {
    const agent = await stage.joined();
    const command = signed(agent.id);
    await publish(stage.redis, command);
    await agent.nextCommand();
    await stage.event(command.correlation_id, 'dispatched');
    agent.cut();
    const again = await LegacyAgent.dial(stage.hub.url, agent.id, stage.addressOf(agent.id));
    again.hello();
    await stage.served(again);
    await nothingLeft(stage.redis, stage.hub.id, agent.id);
    await publish(stage.redis, command);
    await eventually(async () => expect(await stage.eventsOf(command.correlation_id)).toHaveLength(2));
    await nothingLeft(stage.redis, stage.hub.id, agent.id);
    const after = await publish(stage.redis, signed(agent.id));
    expect((await again.nextCommand()).corr_id).toBe(after);
    expect((await stage.eventsOf(command.correlation_id)).map(({ state }) => state)).toEqual(
      Array(2).fill('dispatched'),
    );
    await again.close();
  });

  it('is not sent to the agent that replaces it on the host, whose journal knows nothing of it', async () => {
    const agent = await stage.joined();
    const sent = await publish(stage.redis, signed(agent.id));
    const waiting = await publish(stage.redis, signed(agent.id));
    expect((await agent.nextCommand()).corr_id).toBe(sent);
    await stage.event(sent, 'dispatched');
    const successor = await join(stage.hub.url, agent.id);
    expect((await successor.next('COMMAND')).correlation_id).toBe(waiting);
    successor.result(waiting);
    await nothingLeft(stage.redis, stage.hub.id, agent.id);
    expect(successor.all('COMMAND')).toHaveLength(1);
    expect(await agent.closed).toBe(4409);
    await successor.close();
  });

  it.each([
    [
      'sealed arguments',
      { args: { username: 'alice', password: { sealed: 'a.b.c.d.e' } } },
      /needs sealed arguments/,
    ],
    ['a signature without claims', { claims: { iat: 'x' } }, /cannot be read/],
    ['another command signed', { claims: { verb: 'delete_user' } }, /not the one that was ordered/],
    ['other targets', { claims: { agent_targets: ['gw-other'] } }, /not the one that was ordered/],
    ['a verb that it does not have', { verb: 'tail_logs' }, /does not offer tail_logs/],
  ])('%s: rejected with the reason, nothing is sent', async (_what, more, reason) => {
    const agent = await stage.joined();
    const id = await publish(stage.redis, signed(agent.id, more));
    expect((await stage.event(id, 'rejected')).reason).toMatch(reason);
    const next = await publish(stage.redis, signed(agent.id));
    expect((await agent.nextCommand()).corr_id).toBe(next);
    await agent.close();
  });

  it.each([
    ['RESULT', 'Success', { rc: 0, error_code: null }, { status: 'success', rc: 0 }],
    ['result', 'Timeout', { rc: null, error_code: 'EXEC_TIMEOUT' }, { status: 'timeout', rc: null }],
    [
      'RESULT',
      'denied',
      { error_code: 'SOMETHING' },
      { status: 'denied', error: { code: 'INTERNAL_ERROR' } },
    ],
  ])('%s %s, should one come, is a result like any other', async (type, status, more, expected) => {
    const agent = await stage.joined();
    const id = await publish(stage.redis, signed(agent.id));
    await agent.nextCommand();
    const answer = {
      corr_id: id,
      agent_id: agent.id,
      verb: 'list_users',
      status,
      rc: 1,
      duration_ms: 7,
      stdout: 'x'.repeat(70_000),
      stderr_hash: 'abc123',
      ts: nanoseconds(),
      ...more,
    };
    agent.send(type, answer);
    const [entry] = await matching(
      stage.redis,
      commandResultsStream,
      ({ result }) => result.correlation_id === id,
    );
    expect(entry?.result).toMatchObject({ agent_id: agent.id, truncated: true, ...expected });
    await nothingLeft(stage.redis, stage.hub.id, agent.id);
    agent.send(type, answer);
    const both = await matching(
      stage.redis,
      commandResultsStream,
      ({ result }) => result.correlation_id === id,
      2,
    );
    expect(new Set(both.map(({ result }) => result.result_id)).size).toBe(1);
    await agent.close();
  });
});

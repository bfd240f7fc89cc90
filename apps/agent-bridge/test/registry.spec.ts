import { agentSessionsStream, commandEventsStream, mailboxStream, registrySnapshotKey } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { registryStage } from './registry-stage';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import { TestRegistry, active, unknownAgent } from './test-registry';
import { entries, matching, publish, runCommand, untilPast } from './test-streams';

const stage = registryStage();

describe('a hub without a registry', () => {
  it('refuses everybody and says so, until there is one', async () => {
    const alone = await stage.startHubOnly();
    const id = uniqueAgent();
    const answer = await upgrade(alone.port, signed(id));
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: 'BUSY', msg: 'registry not loaded' } },
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const { status, registry: check } = await stage.readiness(alone);
    expect(status).toBe(503);
    expect(check).toMatchObject({
      ok: false,
      reason: expect.stringContaining('registry not loaded') as string,
    });
    await stage.registry.putSnapshot();
    await eventually(async () => (await dial(alone.url, id)).close());
    expect((await stage.readiness(alone)).status).toBe(200);
  });

  it('takes nothing for one that is none', async () => {
    await stage.redis.hset(registrySnapshotKey, 'version', '7', 'body', '{"version":7,"frozen":"no"}');
    const alone = await stage.startHubOnly();
    expect(await stage.refusalOf(alone, uniqueAgent())).toBe('503 BUSY');
    expect((await stage.readiness(alone)).registry?.reason).toContain('not one');
  });
});

describe('changes reach every hub', () => {
  it.each([
    ['revoked', 4401, '403 REVOKED'],
    ['decommissioned', 4410, '403 DECOMMISSIONED'],
  ] as const)(
    '%s: off both hubs at once with %i, refused afterwards with %s',
    async (state, code, refused) => {
      const [one, two] = [await stage.startHub(), await stage.startHub()];
      const [here, there, untouched] = [
        await join(one.url, uniqueAgent()),
        await join(two.url, uniqueAgent()),
        await join(two.url, uniqueAgent()),
      ];
      for (const { id } of [here, there]) await stage.registry.gateway({ agent_id: id, state });
      expect(await Promise.all([here.closed, there.closed])).toEqual([code, code]);
      for (const { id } of [here, there])
        for (const each of [one, two])
          await eventually(async () => expect(await stage.refusalOf(each, id)).toBe(refused));
      const [ended] = await matching(
        stage.redis,
        agentSessionsStream,
        (body) => body.kind === 'disconnected' && body.agent_id === here.id,
      );
      expect(ended).toMatchObject({ reason: 'policy', code });
      expect(untouched.isClosed).toBe(false);
    },
  );

  it('a gateway that gets a key of its own: the shared secret opens it no longer', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent());
    await stage.registry.gateway(
      active(agent.id, { signing_key: { kty: 'OKP', crv: 'Ed25519', x: 'k'.repeat(43) } }),
    );
    expect(await agent.closed).toBe(4401);
    expect(await stage.refusalOf(one, agent.id)).toBe('403 NOT_ALLOWED');
  });

  it('revoked between the decision and the open socket: off as well', async () => {
    const one = await stage.startHub();
    const id = uniqueAgent();
    // The handshake waits for Redis, with the decision already taken; the delta is written before the lease.
    await stage.redis.client('PAUSE', 6_000, 'WRITE');
    const [agent] = await Promise.all([
      dial(one.url, id),
      stage.registry.gateway({ agent_id: id, state: 'revoked' }),
    ]);
    expect(await agent.closed).toBe(4401);
  });

  it('waiting commands of a revoked gateway stay in its mailbox, and none is called expired or refused', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent(), { max_concurrency: 1 });
    const ids = [
      await publish(stage.redis, runCommand(agent.id)),
      await publish(stage.redis, runCommand(agent.id)),
    ];
    await agent.next('COMMAND');
    await stage.registry.gateway({ agent_id: agent.id, state: 'revoked' });
    expect(await agent.closed).toBe(4401);
    await eventually(async () => expect(await stage.redis.xlen(mailboxStream(agent.id))).toBe(2));
    const told = (await entries(stage.redis, commandEventsStream)).filter((body) =>
      ids.includes(body.correlation_id),
    );
    expect(told.map(({ state }) => state)).toEqual(['dispatched']);
  });

  it('a gap in the versions: the snapshot is loaded again', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent());
    stage.registry.silently({ agent_id: agent.id, state: 'revoked' });
    await stage.registry.gateway(active(uniqueAgent()));
    expect(await agent.closed).toBe(4401);
    await stage.settled(one, 2);
  });

  it('a delta that never arrives: the snapshot tells', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent());
    stage.registry.silently({ agent_id: agent.id, state: 'decommissioned' });
    await stage.registry.putSnapshot();
    expect(await agent.closed).toBe(4410);
  });

  it('deltas that are ahead of the snapshot wait for it; a freeze among them does not', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent());
    await stage.registry.delta({ kind: 'freeze', version: 5, frozen: true });
    const id = await publish(stage.redis, runCommand(agent.id));
    await eventually(async () => expect((await stage.readiness(one)).registry?.reason).toContain('frozen'));
    expect((await stage.readiness(one)).registry?.reason).toContain('version 0,');
    for (let n = 0; n < 4; n++) stage.registry.silently(active(unknownAgent()));
    await stage.registry.freeze(true);
    await stage.settled(one, 5);
    expect(agent.all('COMMAND')).toEqual([]);
    await stage.registry.freeze(false);
    expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  });
});

describe('when Redis has lost its memory', () => {
  it('what is known stays in force; changes made meanwhile are heard; an older registry is not believed', async () => {
    const one = await stage.startHub();
    const [agent, revoked, later] = [uniqueAgent(), uniqueAgent(), uniqueAgent()];
    await stage.registry.gateway({ agent_id: revoked, state: 'revoked' });
    await stage.settled(one, 1);
    await stage.redis.flushall();
    await eventually(async () => expect((await stage.readiness(one)).registry?.ok).toBe(false));
    await (await dial(one.url, agent)).close();
    expect(await stage.refusalOf(one, revoked)).toBe('403 REVOKED');

    const older = new TestRegistry(stage.redis);
    await older.putSnapshot();
    await eventually(async () => expect((await stage.readiness(one)).registry?.reason).toContain('older'));
    expect(await stage.refusalOf(one, revoked)).toBe('403 REVOKED');

    const here = await join(one.url, later);
    await stage.registry.gateway({ agent_id: later, state: 'revoked' });
    expect(await here.closed).toBe(4401);
    await stage.settled(one, 2);
    expect((await stage.readiness(one)).status).toBe(200);
  });

  it('a restarted Redis that forgot everything is followed again', async () => {
    const one = await stage.startHub();
    const agent = await join(one.url, uniqueAgent());
    for (let n = 0; n < 3; n++) await stage.registry.gateway(active(unknownAgent()));
    await stage.settled(one, 3);
    await stage.redis.flushall();
    await stage.registry.gateway({ agent_id: agent.id, state: 'decommissioned' });
    expect(await agent.closed).toBe(4410);
  });
});

it('while Redis is silent a freeze could not be heard: no command is sent, and afterwards they are', async () => {
  const one = await stage.startHub();
  const agent = await join(one.url, uniqueAgent());
  const id = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await matching(stage.redis, commandEventsStream, (body) => body.correlation_id === id);
  await stage.server.kill();
  const silentSince = Date.now();
  await eventually(async () => expect((await stage.readiness(one)).registry?.ok).toBe(false));
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'busy' });
  // By then it would have been sent again.
  await untilPast(silentSince + 5_000);
  expect(agent.all('COMMAND')).toHaveLength(1);
  await stage.server.restart();
  expect((await agent.next('COMMAND')).correlation_id).toBe(id);
});

import { agentSessionsStream, commandEventsStream, mailboxStream, registrySnapshotKey } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import { startHub, startHubOnly } from './test-hub';
import type { TestHub } from './test-hub';
import { TestRegistry, active, unknownAgent } from './test-registry';
import { connect, entries, matching, nothingLeft, publish, runCommand, untilPast } from './test-streams';

let server: RedisServer;
let redis: Redis;
let registry: TestRegistry;
const hubs: TestHub[] = [];

beforeEach(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  registry = new TestRegistry(redis);
});

afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.stop()));
  redis.disconnect();
  await server.stop();
});

async function hub(more: Record<string, string> = {}): Promise<TestHub> {
  const started = await startHub(server.url, more);
  hubs.push(started);
  return started;
}

const readiness = async ({ opsUrl }: TestHub) => {
  const response = await fetch(`${opsUrl}/internal/readyz`);
  const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean; reason?: string }> };
  return { status: response.status, registry: checks['registry'] };
};

const settled = ({ opsUrl }: TestHub, version: number): Promise<void> =>
  eventually(async () =>
    expect((await readiness({ opsUrl } as TestHub)).registry?.reason).toContain(`version ${version},`),
  );

const refusalOf = async ({ port }: TestHub, agentId: string): Promise<string> => {
  const { status, body } = await upgrade(port, signed(agentId));
  return `${status} ${body.error?.code}`;
};

describe('a hub without a registry', () => {
  it('refuses everybody and says so, until there is one', async () => {
    const alone = await startHubOnly(server.url);
    hubs.push(alone);
    const id = uniqueAgent();
    const answer = await upgrade(alone.port, signed(id));
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: 'BUSY', msg: 'registry not loaded' } },
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const { status, registry: check } = await readiness(alone);
    expect(status).toBe(503);
    expect(check).toMatchObject({
      ok: false,
      reason: expect.stringContaining('registry not loaded') as string,
    });
    await registry.putSnapshot();
    await eventually(async () => (await dial(alone.url, id)).close());
    expect((await readiness(alone)).status).toBe(200);
  });

  it('takes nothing for one that is none', async () => {
    await redis.hset(registrySnapshotKey, 'version', '7', 'body', '{"version":7,"frozen":"no"}');
    const alone = await startHubOnly(server.url);
    hubs.push(alone);
    expect(await refusalOf(alone, uniqueAgent())).toBe('503 BUSY');
    expect((await readiness(alone)).registry?.reason).toContain('not one');
  });
});

describe('changes reach every hub', () => {
  it.each([
    ['revoked', 4401, '403 REVOKED'],
    ['decommissioned', 4410, '403 DECOMMISSIONED'],
  ] as const)(
    '%s: off both hubs at once with %i, refused afterwards with %s',
    async (state, code, refused) => {
      const [one, two] = [await hub(), await hub()];
      const [here, there, untouched] = [
        await join(one.url, uniqueAgent()),
        await join(two.url, uniqueAgent()),
        await join(two.url, uniqueAgent()),
      ];
      for (const { id } of [here, there]) await registry.gateway({ agent_id: id, state });
      expect(await Promise.all([here.closed, there.closed])).toEqual([code, code]);
      for (const { id } of [here, there])
        for (const each of [one, two])
          await eventually(async () => expect(await refusalOf(each, id)).toBe(refused));
      const [ended] = await matching(
        redis,
        agentSessionsStream,
        (body) => body.kind === 'disconnected' && body.agent_id === here.id,
      );
      expect(ended).toMatchObject({ reason: 'policy', code });
      expect(untouched.isClosed).toBe(false);
    },
  );

  it('a gateway that gets a key of its own: the shared secret opens it no longer', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent());
    await registry.gateway(
      active(agent.id, { signing_key: { kty: 'OKP', crv: 'Ed25519', x: 'k'.repeat(43) } }),
    );
    expect(await agent.closed).toBe(4401);
    expect(await refusalOf(one, agent.id)).toBe('403 NOT_ALLOWED');
  });

  it('revoked between the decision and the open socket: off as well', async () => {
    const one = await hub();
    const id = uniqueAgent();
    // The handshake waits for Redis, with the decision already taken; the delta is written before the lease.
    await redis.client('PAUSE', 1_000, 'WRITE');
    const [agent] = await Promise.all([
      dial(one.url, id),
      registry.gateway({ agent_id: id, state: 'revoked' }),
    ]);
    expect(await agent.closed).toBe(4401);
  });

  it('waiting commands of a revoked gateway stay in its mailbox, and none is called expired or refused', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent(), { max_concurrency: 1 });
    const ids = [await publish(redis, runCommand(agent.id)), await publish(redis, runCommand(agent.id))];
    await agent.next('COMMAND');
    await registry.gateway({ agent_id: agent.id, state: 'revoked' });
    expect(await agent.closed).toBe(4401);
    await eventually(async () => expect(await redis.xlen(mailboxStream(agent.id))).toBe(2));
    const told = (await entries(redis, commandEventsStream)).filter((body) =>
      ids.includes(body.correlation_id),
    );
    expect(told.map(({ state }) => state)).toEqual(['dispatched']);
  });

  it('a gap in the versions: the snapshot is loaded again', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent());
    registry.silently({ agent_id: agent.id, state: 'revoked' });
    await registry.gateway(active(uniqueAgent()));
    expect(await agent.closed).toBe(4401);
    await settled(one, 2);
  });

  it('a delta that never arrives: the snapshot tells', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent());
    registry.silently({ agent_id: agent.id, state: 'decommissioned' });
    await registry.putSnapshot();
    expect(await agent.closed).toBe(4410);
  });

  it('deltas that are ahead of the snapshot wait for it; a freeze among them does not', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent());
    await registry.delta({ kind: 'freeze', version: 5, frozen: true });
    const id = await publish(redis, runCommand(agent.id));
    await eventually(async () => expect((await readiness(one)).registry?.reason).toContain('frozen'));
    expect((await readiness(one)).registry?.reason).toContain('version 0,');
    for (let n = 0; n < 4; n++) registry.silently(active(unknownAgent()));
    await registry.freeze(true);
    await settled(one, 5);
    expect(agent.all('COMMAND')).toEqual([]);
    await registry.freeze(false);
    expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  });
});

describe('when Redis has lost its memory', () => {
  it('what is known stays in force; changes made meanwhile are heard; an older registry is not believed', async () => {
    const one = await hub();
    const [agent, revoked, later] = [uniqueAgent(), uniqueAgent(), uniqueAgent()];
    await registry.gateway({ agent_id: revoked, state: 'revoked' });
    await settled(one, 1);
    await redis.flushall();
    await eventually(async () => expect((await readiness(one)).registry?.ok).toBe(false));
    await (await dial(one.url, agent)).close();
    expect(await refusalOf(one, revoked)).toBe('403 REVOKED');

    const older = new TestRegistry(redis);
    await older.putSnapshot();
    await eventually(async () => expect((await readiness(one)).registry?.reason).toContain('older'));
    expect(await refusalOf(one, revoked)).toBe('403 REVOKED');

    const here = await join(one.url, later);
    await registry.gateway({ agent_id: later, state: 'revoked' });
    expect(await here.closed).toBe(4401);
    await settled(one, 2);
    expect((await readiness(one)).status).toBe(200);
  });

  it('a restarted Redis that forgot everything is followed again', async () => {
    const one = await hub();
    const agent = await join(one.url, uniqueAgent());
    for (let n = 0; n < 3; n++) await registry.gateway(active(unknownAgent()));
    await settled(one, 3);
    await redis.flushall();
    await registry.gateway({ agent_id: agent.id, state: 'decommissioned' });
    expect(await agent.closed).toBe(4410);
  });
});

it('while Redis is silent a freeze could not be heard: no command is sent, and afterwards they are', async () => {
  const one = await hub();
  const agent = await join(one.url, uniqueAgent());
  const id = await publish(redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await matching(redis, commandEventsStream, (body) => body.correlation_id === id);
  await server.kill();
  const silentSince = Date.now();
  await eventually(async () => expect((await readiness(one)).registry?.ok).toBe(false));
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'busy' });
  // By then it would have been sent again.
  await untilPast(silentSince + 5_000);
  expect(agent.all('COMMAND')).toHaveLength(1);
  await server.restart();
  expect((await agent.next('COMMAND')).correlation_id).toBe(id);
});

describe('an agent that the registry does not know', () => {
  it('discover: seen, but without commands until it is adopted', async () => {
    const one = await hub();
    const id = unknownAgent();
    const agent = await join(one.url, id);
    const command = await publish(redis, runCommand(id));
    const known = await join(one.url, uniqueAgent());
    const other = await publish(redis, runCommand(known.id));
    expect((await known.next('COMMAND')).correlation_id).toBe(other);
    expect(agent.all('COMMAND')).toEqual([]);
    await registry.gateway(active(id));
    expect((await agent.next('COMMAND')).correlation_id).toBe(command);
    for (const [each, what] of [
      [agent, command],
      [known, other],
    ] as const)
      each.result(what);
    await nothingLeft(redis, one.id, id);
  });

  it('refuse: 403 NOT_ALLOWED', async () => {
    const strict = await hub({ AGENT_BRIDGE_UNKNOWN_AGENTS: 'refuse' });
    expect(await refusalOf(strict, unknownAgent())).toBe('403 NOT_ALLOWED');
    await (await dial(strict.url, uniqueAgent())).close();
  });
});

describe('below the minimum version', () => {
  it('refuse: told at HELLO with 4426, and when the minimum rises', async () => {
    const one = await hub();
    const [old, enough] = [uniqueAgent(), uniqueAgent()];
    for (const id of [old, enough]) await registry.gateway(active(id, { min_version: '1.10.0' }));
    await settled(one, 2);
    const late = await dial(one.url, old);
    late.hello({ version: '1.9.0' });
    expect(await late.closed).toBe(4426);
    expect(late.all('WELCOME')).toEqual([]);
    const [entry] = await matching(
      redis,
      agentSessionsStream,
      (body) => body.kind === 'rejected' && body.agent_id === old,
    );
    expect(entry).toMatchObject({ reason: 'VERSION_TOO_OLD' });
    const agent = await join(one.url, enough, { version: '1.10.0' });
    await registry.gateway(active(enough, { min_version: '2.0.0' }));
    expect(await agent.closed).toBe(4426);
  });

  it('reads: only verbs that read are sent, others are rejected with the reason', async () => {
    const one = await hub({ AGENT_BRIDGE_OLD_VERSIONS: 'reads' });
    const id = uniqueAgent();
    await registry.gateway(active(id, { min_version: '2.0.0' }));
    await settled(one, 1);
    const agent = await join(one.url, id, { version: '1.9.0' });
    const [change, read, unheard] = [
      await publish(redis, runCommand(id, { verb: 'delete_user' })),
      await publish(redis, runCommand(id, { verb: 'list_users' })),
      await publish(redis, runCommand(id, { verb: 'unheard_of' })),
    ];
    expect((await agent.next('COMMAND')).correlation_id).toBe(read);
    for (const refused of [change, unheard]) {
      const [told] = await matching(
        redis,
        commandEventsStream,
        (body) => body.correlation_id === refused && body.state === 'rejected',
      );
      expect(told?.reason).toContain('2.0.0');
    }
    expect(agent.all('COMMAND')).toHaveLength(1);
    await registry.gateway(active(id, { min_version: '1.9.0' }));
    const now = await publish(redis, runCommand(id, { verb: 'delete_user' }));
    expect((await agent.next('COMMAND')).correlation_id).toBe(now);
  });
});

describe('the emergency stop', () => {
  it('is effective on every hub: no command is sent, and after it they go in order', async () => {
    const [one, two] = [await hub(), await hub()];
    const agents = [await join(one.url, uniqueAgent()), await join(two.url, uniqueAgent())];
    const frozen = async (each: TestHub) =>
      ((await readiness(each)).registry?.reason ?? '').includes('frozen');
    await registry.freeze(true);
    await eventually(async () => expect([await frozen(one), await frozen(two)]).toEqual([true, true]), {
      everyMs: 10,
    });
    const waiting: string[][] = [];
    for (const { id } of agents)
      waiting.push([await publish(redis, runCommand(id)), await publish(redis, runCommand(id))]);
    const late = runCommand(agents[0]?.id ?? '', { expires_at: new Date(Date.now() + 1_000).toISOString() });
    await publish(redis, late);
    // What is over while it is frozen ends honestly.
    await matching(
      redis,
      commandEventsStream,
      (body) => body.correlation_id === late.correlation_id && body.state === 'expired',
    );
    for (const agent of agents) expect(agent.all('COMMAND')).toEqual([]);
    await registry.freeze(false);
    for (const [index, agent] of agents.entries())
      for (const expected of waiting[index] ?? [])
        expect((await agent.next('COMMAND')).correlation_id).toBe(expected);
  });

  it('a hub that starts while it is on sends none either', async () => {
    await registry.freeze(true);
    const one = await hub();
    expect(await one.metrics()).toMatch(/viw_commands_frozen\{.*\} 1/);
    const agent = await join(one.url, uniqueAgent());
    const id = await publish(redis, runCommand(agent.id));
    const cancelled = await publish(redis, runCommand(agent.id));
    await publish(redis, { kind: 'cancel', agent_id: agent.id, correlation_id: cancelled });
    await matching(
      redis,
      commandEventsStream,
      (body) => body.correlation_id === cancelled && body.state === 'cancelled',
    );
    expect(agent.all('COMMAND')).toEqual([]);
    await registry.freeze(false);
    expect((await agent.next('COMMAND')).correlation_id).toBe(id);
  });
});

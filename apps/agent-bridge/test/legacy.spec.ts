import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { ClientOptions } from 'ws';
import {
  agentHelloStream,
  agentSessionsStream,
  commandEventsStream,
  commandResultsStream,
  telemetryStream,
} from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { LegacyAgent, nanoseconds } from './legacy-agent';
import { join, uniqueAgent } from './test-agent';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';
import { connect, entries, matching, nothingLeft, publish, runCommand } from './test-streams';

let server: RedisServer;
let redis: Redis;
let hub: TestHub;
let addresses = 10;
const bound = new Map<string, string>();

beforeAll(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  for (let n = 0; n < 40; n++) bound.set(`127.0.7.${n + 10}`, uniqueAgent());
  const entriesOf = [...bound].map(([address, id]) => `${id}@${address}/32`);
  hub = await startHub(server.url, {
    AGENT_BRIDGE_HEARTBEAT_S: '1',
    AGENT_BRIDGE_LEGACY_AGENTS: [...entriesOf, 'gw-network@127.0.8.0/24'].join(','),
  });
});

afterAll(async () => {
  await hub.stop();
  redis.disconnect();
  await server.stop();
});

/** Another agent for each test: its address is its identity. */
async function dial(): Promise<LegacyAgent> {
  const address = `127.0.7.${addresses++}`;
  return LegacyAgent.dial(hub.url, bound.get(address) ?? '', address);
}

/** The status with which an upgrade is refused. */
async function refusal({ url }: TestHub, options: ClientOptions, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(`${url}/agent/ws`, protocols, options);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  response.destroy();
  return response.statusCode ?? 0;
}

const isServed = (agent: LegacyAgent): Promise<void> =>
  eventually(() => expect(agent.ignored).toContain('WELCOME'), { everyMs: 10 });

async function joined(more: object = {}): Promise<LegacyAgent> {
  const agent = await dial();
  agent.hello(more);
  await isServed(agent);
  return agent;
}

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

const eventsOf = async (correlationId: string) =>
  (await entries(redis, commandEventsStream)).filter((body) => body.correlation_id === correlationId);

const ended = (correlationId: string, state: string) =>
  matching(
    redis,
    commandEventsStream,
    (body) => body.correlation_id === correlationId && body.state === state,
  );

describe('who comes in', () => {
  it('by its address alone: HELLO and TELEMETRY in the forms of the hub, the session says how', async () => {
    const agent = await dial();
    expect(agent.protocol).toBe('');
    agent.hello();
    await isServed(agent);
    agent.telemetry();
    const [hello] = await matching(redis, agentHelloStream, (body) => body.hello.agent_id === agent.id);
    expect(hello).toMatchObject({
      hello: {
        version: '0.3.1',
        site: null,
        os: 'Ubuntu 22.04',
        kernel: '5.15.0-generic',
        container_engine: 'docker',
        capabilities: ['exec_enable'],
        max_concurrency: 1,
        start_time: expect.stringMatching(/\d{9}\+00:00$/) as string,
      },
    });
    expect(hello?.hello.supported_verbs).toHaveLength(14);
    const isOurs = (body: { kind: string }): boolean =>
      body.kind === 'connected' && 'agent_id' in body && body.agent_id === agent.id;
    expect((await matching(redis, agentSessionsStream, isOurs))[0]).toMatchObject({
      way: 'legacy',
      dialect: 'legacy',
    });
    const [batch] = await matching(redis, telemetryStream, ({ frames }) =>
      frames.some(({ agent_id }) => agent_id === agent.id),
    );
    expect(batch?.frames.find(({ agent_id }) => agent_id === agent.id)).toMatchObject({
      seq: 1,
      metrics: {
        uptime_s: 0,
        cpu_pct: 0,
        mem: { total_mb: 0, used_mb: 0 },
        loadavg: [0, 0, 0],
        containers: { running: 0, total: 2 },
        services: { openvpn: 'active' },
        version: '0.3.1',
      },
    });
    agent.ping();
    expect(agent.faults).toEqual([]);
    expect(agent.ignored).toEqual(['WELCOME']);
    await agent.close();
  });

  it('on the paths that are dialled in the field, from anywhere in its network', async () => {
    for (const [address, path] of [
      ['127.0.8.1', '/ws/agent'],
      ['127.0.8.200', '/agent'],
    ] as const) {
      const agent = await LegacyAgent.dial(hub.url, 'gw-network', address, path);
      agent.hello();
      await isServed(agent);
      await agent.close();
    }
  });

  it('not from another address, not for another id, and not with a header or subprotocol of ours', async () => {
    const localAddress = '127.0.8.1';
    expect(await refusal(hub, { localAddress: '127.0.9.1' })).toBe(400);
    expect(await refusal(hub, { localAddress, headers: { 'X-Agent-Id': 'gw-network' } })).toBe(400);
    expect(await refusal(hub, { localAddress }, ['viworks-agent-v1'])).toBe(400);
    const agent = await dial();
    agent.hello({ agent_id: 'gw-network' });
    await eventually(() => expect(agent.ignored).toEqual(['ERROR']));
    await agent.close();
  });

  it('without an entry the request is held against the ways that are on, as before', async () => {
    const other = await startHub(server.url);
    expect(await refusal(other, { localAddress: '127.0.8.1' })).toBe(400);
    await other.stop();
  });

  it('values that only describe the host do not keep an agent out', async () => {
    const agent = await joined({ start_time: '', os: 7, container_engine: {}, feature_flags: null });
    agent.telemetry({ mem: null, disk: [{ mount: '/' }], loadavg: 'x', services: { a: true }, cpu_pct: 12 });
    const [batch] = await matching(redis, telemetryStream, ({ frames }) =>
      frames.some(({ agent_id }) => agent_id === agent.id),
    );
    expect(batch?.frames.find(({ agent_id }) => agent_id === agent.id)?.metrics).toEqual({
      uptime_s: 0,
      cpu_pct: 12,
      containers: { running: 0, total: 2 },
      version: '0.3.1',
    });
    await agent.close();
  });

  it('silence of 90 seconds is allowed: it answers no ping while it runs a command', async () => {
    const agent = await joined();
    const current = await join(hub.url, uniqueAgent());
    agent.freeze();
    current.freeze();
    const isSilent = (body: { kind: string }): boolean =>
      body.kind === 'disconnected' && 'agent_id' in body && body.agent_id === current.id;
    await matching(redis, agentSessionsStream, isSilent);
    const { agents } = (await (await fetch(`${hub.opsUrl}/internal/agent/agents`)).json()) as {
      agents: { agent_id: string; dialect: string }[];
    };
    expect(agents).toContainEqual(expect.objectContaining({ agent_id: agent.id, dialect: 'legacy' }));
    agent.cut();
    current.cut();
  });
});

describe('a command', () => {
  it('comes in clear, with the times and the nonce of its dispatch', async () => {
    const agent = await joined();
    const args = { username: 'alice' };
    const id = await publish(redis, signed(agent.id, { verb: 'delete_user', args }));
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
    await ended(id, 'dispatched');
    await agent.close();
  });

  it('one at a time; each is over after its verb’s time, dispatched and never more than that', async () => {
    const agent = await joined();
    const ids: string[] = [];
    for (let n = 0; n < 2; n++) ids.push(await publish(redis, signed(agent.id, { timeout_s: 1 })));
    await agent.nextCommand();
    await ended(ids[0] ?? '', 'dispatched');
    expect(await eventsOf(ids[1] ?? '')).toEqual([]);
    await agent.nextCommand(2);
    expect(agent.commands.map(({ corr_id }) => corr_id)).toEqual(ids);
    const { iat: first } = agent.commands[0] ?? { iat: 0 };
    expect((agent.commands[1]?.iat ?? 0) - first).toBeGreaterThanOrEqual(1);
    await nothingLeft(redis, hub.id, agent.id);
    for (const id of ids) expect((await eventsOf(id)).map(({ state }) => state)).toEqual(['dispatched']);
    expect(
      (await entries(redis, commandResultsStream)).filter(({ result }) =>
        ids.includes(result.correlation_id),
      ),
    ).toEqual([]);
    await agent.close();
  }, 30_000);

  it('is not sent a second time: not after a reconnect, not when it is published again', async () => {
    const agent = await joined();
    const command = signed(agent.id);
    await publish(redis, command);
    await agent.nextCommand();
    await ended(command.correlation_id, 'dispatched');
    agent.cut();
    const again = await LegacyAgent.dial(hub.url, agent.id, addressOf(agent.id));
    again.hello();
    await isServed(again);
    await nothingLeft(redis, hub.id, agent.id);
    await publish(redis, command);
    await eventually(async () => expect(await eventsOf(command.correlation_id)).toHaveLength(2));
    await nothingLeft(redis, hub.id, agent.id);
    const after = await publish(redis, signed(agent.id));
    expect((await again.nextCommand()).corr_id).toBe(after);
    expect((await eventsOf(command.correlation_id)).map(({ state }) => state)).toEqual(
      Array(2).fill('dispatched'),
    );
    await again.close();
  });

  it('is not sent to the agent that replaces it on the host, whose journal knows nothing of it', async () => {
    const agent = await joined();
    const sent = await publish(redis, signed(agent.id));
    const waiting = await publish(redis, signed(agent.id));
    expect((await agent.nextCommand()).corr_id).toBe(sent);
    await ended(sent, 'dispatched');
    const successor = await join(hub.url, agent.id);
    expect((await successor.next('COMMAND')).correlation_id).toBe(waiting);
    successor.result(waiting);
    await nothingLeft(redis, hub.id, agent.id);
    expect(successor.all('COMMAND')).toHaveLength(1);
    expect(await agent.closed).toBe(4409);
    await successor.close();
  });

  const addressOf = (id: string): string => [...bound].find(([, each]) => each === id)?.[0] ?? '';

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
    const agent = await joined();
    const id = await publish(redis, signed(agent.id, more));
    expect((await ended(id, 'rejected'))[0]?.reason).toMatch(reason);
    const next = await publish(redis, signed(agent.id));
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
    const agent = await joined();
    const id = await publish(redis, signed(agent.id));
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
    const [entry] = await matching(redis, commandResultsStream, ({ result }) => result.correlation_id === id);
    expect(entry?.result).toMatchObject({ agent_id: agent.id, truncated: true, ...expected });
    await nothingLeft(redis, hub.id, agent.id);
    agent.send(type, answer);
    const both = await matching(redis, commandResultsStream, ({ result }) => result.correlation_id === id, 2);
    expect(new Set(both.map(({ result }) => result.result_id)).size).toBe(1);
    await agent.close();
  });
});

it.each([
  ['an unknown type', '{"type":"shell","payload":{}}'],
  ['a type of the other dialect', '{"type":"TELEMETRY","payload":{}}'],
  ['a frame of the other dialect', '{"type":"HELLO","agent_id":"x","version":"1","capabilities":[]}'],
  ['a name of the language', '{"type":"__proto__","payload":{}}'],
  ['no payload', '{"type":"hello"}'],
  ['a payload of its own kind', '{"type":"telemetry","payload":"{}"}'],
  ['no JSON', '{"type":'],
])('%s is a bad frame; ten of them close the socket with 1008', async (_what, text) => {
  const agent = await joined();
  for (let n = 0; n < 9; n++) agent.raw(text);
  await eventually(() => expect(agent.ignored.filter((type) => type === 'ERROR')).toHaveLength(9));
  const id = randomUUID();
  agent.telemetry({ uptime_s: 4_711 });
  await matching(redis, telemetryStream, ({ frames }) =>
    frames.some(({ agent_id, metrics }) => agent_id === agent.id && metrics.uptime_s === 4_711),
  );
  agent.raw(Buffer.from(id));
  expect(await agent.closed).toBe(1008);
});

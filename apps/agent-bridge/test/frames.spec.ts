import { randomUUID } from 'node:crypto';
import {
  agentEventsStream,
  agentHelloStream,
  agentSessionsStream,
  commandResultsStream,
  limits,
  telemetryStream,
} from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dial, join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { matching } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub({ AGENT_BRIDGE_HEARTBEAT_S: '1' });
});

const ops = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${hub.opsUrl}/internal/agent/${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const badFrames = async (reason: string): Promise<number> =>
  Number(
    new RegExp(`viw_bad_frames_total\\{reason="${reason}".*\\} (\\d+)`).exec(await hub.metrics())?.[1] ?? 0,
  );

describe('a valid frame', () => {
  it('HELLO: viw.agent_hello, a session, WELCOME', async () => {
    const id = uniqueAgent();
    const agent = await dial(hub.url, id);
    agent.hello({ site: 'berlin', supported_verbs: ['list_users'], nonce: randomUUID(), unheard_of: 1 });
    const welcome = await agent.next('WELCOME');
    expect(welcome).toMatchObject({ heartbeat_s: 1, cmd_timeout_s: 60 });
    const [hello] = await matching(stage.redis, agentHelloStream, (body) => body.hello.agent_id === id);
    expect(hello).toMatchObject({
      hub: hub.id,
      session_id: welcome.session_id,
      ip: '127.0.0.1',
      hello: { site: 'berlin' },
    });
    expect(JSON.stringify(hello)).not.toMatch(/nonce|unheard_of/);
    const [session] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'connected' && body.agent_id === id,
    );
    expect(session).toMatchObject({ session_id: welcome.session_id, epoch: hello?.epoch });
    await agent.close();
  });

  it('TELEMETRY: viw.telemetry, seq by the hub where absent, ack_seq in the next HEARTBEAT, the last 50 kept', async () => {
    const agent = await join(hub.url, uniqueAgent());
    agent.telemetry(7);
    agent.telemetry();
    agent.telemetry(8);
    await eventually(async () => expect((await agent.next('HEARTBEAT')).ack_seq).toBe(8));
    const batches = await matching(stage.redis, telemetryStream, ({ frames }) =>
      frames.some(({ agent_id }) => agent_id === agent.id),
    );
    const points = batches.flatMap(({ frames }) => frames).filter(({ agent_id }) => agent_id === agent.id);
    expect(points.map(({ seq }) => seq)).toEqual([7, 8, 8]);
    for (let seq = 9; seq < 69; seq++) agent.telemetry(seq);
    await eventually(async () => {
      const { body } = await ops(`agents/${agent.id}/telemetry`);
      expect((body['frames'] as { seq: number }[]).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 50 }, (_, i) => i + 19),
      );
    });
    await agent.close();
  });

  it('RESULT: viw.command_results, then RESULT_ACK', async () => {
    const agent = await join(hub.url, uniqueAgent());
    const correlationId = randomUUID();
    const resultId = agent.result(correlationId, { stdout: 'x'.repeat(limits.outputBytes) });
    expect(await agent.next('RESULT_ACK')).toMatchObject({
      result_id: resultId,
      correlation_id: correlationId,
    });
    const [entry] = await matching(
      stage.redis,
      commandResultsStream,
      ({ result }) => result.result_id === resultId,
    );
    expect(entry).toMatchObject({
      hub: hub.id,
      result: { correlation_id: correlationId, agent_id: agent.id },
    });
    expect(await ops(`agents/${agent.id}/last-result`)).toMatchObject({
      status: 200,
      body: { result: { type: 'RESULT', rc: 0 } },
    });
    await agent.close();
  });

  it('EVENT: viw.agent_events', async () => {
    const agent = await join(hub.url, uniqueAgent());
    const event_id = randomUUID();
    agent.send({
      type: 'EVENT',
      event_id,
      agent_id: agent.id,
      ts: new Date().toISOString(),
      kind: 'service',
      name: 'x',
    });
    const [entry] = await matching(
      stage.redis,
      agentEventsStream,
      ({ event }) => event.event_id === event_id,
    );
    expect(entry).toMatchObject({ hub: hub.id, event: { agent_id: agent.id } });
    await agent.close();
  });

  it('ECHO by the ops endpoint, ECHO_REPLY as last result', async () => {
    const agent = await join(hub.url, uniqueAgent());
    const correlation_id = randomUUID();
    const post = (id: string, body: object) =>
      ops(`agents/${id}/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const echo = { correlation_id, type: 'ECHO', payload: { n: 1 }, ttl_s: 30 };
    expect(await post(agent.id, echo)).toEqual({ status: 202, body: { queued: true } });
    expect(await agent.next('ECHO')).toMatchObject({ correlation_id, payload: { n: 1 } });
    agent.send({ type: 'ECHO_REPLY', correlation_id, payload: { n: 1 } });
    await eventually(async () =>
      expect(await ops(`agents/${agent.id}/last-result`)).toMatchObject({
        body: { result: { correlation_id } },
      }),
    );
    expect((await post(uniqueAgent(), echo)).status).toBe(404);
    expect((await post(agent.id, { ...echo, type: 'RUN' })).status).toBe(400);
    expect(await ops('_healthz')).toMatchObject({
      status: 200,
      body: { status: 'ok', connections: expect.any(Number) as number },
    });
    const { body } = await ops('agents');
    expect(body['agents']).toEqual(
      expect.arrayContaining([expect.objectContaining({ agent_id: agent.id, ip: '127.0.0.1' })]),
    );
    await agent.close();
  });

  it('agents, a page at a time', async () => {
    const agents = await Promise.all(Array.from({ length: 5 }, () => join(hub.url, uniqueAgent())));
    const seen: unknown[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const { status, body } = await ops(`agents?limit=2&after=${after}`);
      expect(status).toBe(200);
      const page = body['agents'] as { agent_id: string }[];
      expect(page.length).toBeLessThanOrEqual(2);
      seen.push(...page.map(({ agent_id }) => agent_id));
      after = body['next'] as string | undefined;
    }
    expect(seen).toEqual([...seen].sort());
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(agents.map(({ id }) => id)));
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'after=%00', 'page=2'])
      expect((await ops(`agents?${query}`)).status).toBe(400);
    await Promise.all(agents.map((agent) => agent.close()));
  });

  it('HEARTBEAT: all agents of the hub from which something came, in one entry now and then', async () => {
    const agents = await Promise.all([join(hub.url, uniqueAgent()), join(hub.url, uniqueAgent())]);
    for (const agent of agents) agent.send({ type: 'HEARTBEAT', ts: new Date().toISOString() });
    const hasBoth = (sessions: { agent_id: string }[]): boolean =>
      agents.every(({ id }) => sessions.some(({ agent_id }) => agent_id === id));
    const [entry] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'heartbeats' && hasBoth(body.sessions),
    );
    expect(entry?.hub).toBe(hub.id);
    for (const agent of agents) await agent.close();
  });

  it('keeps a quiet agent that answers pings, drops one that does not: 4408', async () => {
    const quiet = await join(hub.url, uniqueAgent());
    const frozen = await join(hub.url, uniqueAgent());
    frozen.freeze();
    const isSilent = (body: { kind: string }): boolean =>
      body.kind === 'disconnected' && 'agent_id' in body && body.agent_id === frozen.id;
    const [ended] = await matching(stage.redis, agentSessionsStream, isSilent);
    expect(ended).toMatchObject({ reason: 'silent', code: 4408 });
    expect((await quiet.next('HEARTBEAT')).type).toBe('HEARTBEAT');
    expect(await quiet.close()).toBe(1000);
    frozen.cut();
  });
});

describe('a bad frame', () => {
  const now = new Date().toISOString();
  it.each([
    ['malformed', 'SCHEMA_MISMATCH', () => '{"type":'],
    ['malformed', 'SCHEMA_MISMATCH', () => '[]'],
    ['malformed', 'SCHEMA_MISMATCH', () => 'null'],
    ['unknown_type', 'SCHEMA_MISMATCH', () => '{"type":"SHELL"}'],
    ['unknown_type', 'SCHEMA_MISMATCH', () => '{"type":"COMMAND"}'],
    ['unknown_type', 'SCHEMA_MISMATCH', () => '{"type":"__proto__"}'],
    [
      'schema',
      'SCHEMA_MISMATCH',
      (id: string) => JSON.stringify({ type: 'TELEMETRY', agent_id: id, ts: now }),
    ],
    [
      'schema',
      'SCHEMA_MISMATCH',
      (id: string) => JSON.stringify({ type: 'TELEMETRY', agent_id: id, ts: 'x', metrics: {} }),
    ],
    ['binary', 'SCHEMA_MISMATCH', () => Buffer.from('{"type":"PONG"}')],
    [
      'telemetry_too_large',
      'VALIDATION_FAILED',
      (id: string) =>
        JSON.stringify({
          type: 'TELEMETRY',
          agent_id: id,
          ts: now,
          metrics: {},
          x: 'x'.repeat(limits.telemetryBytes),
        }),
    ],
    [
      'foreign_agent',
      'PERMISSION_DENIED',
      () => JSON.stringify({ type: 'TELEMETRY', agent_id: 'gw-other', ts: now, metrics: {} }),
    ],
  ] as const)('%s: ERROR %s, counted, nothing written, the socket stays', async (reason, code, make) => {
    const agent = await join(hub.url, uniqueAgent());
    const before = {
      counted: await badFrames(reason),
      telemetry: await stage.redis.xlen(telemetryStream.stream),
    };
    const data = make(agent.id);
    agent.raw(data, { binary: typeof data !== 'string' });
    const { error } = await agent.next('ERROR');
    expect(error.code).toBe(code);
    expect(await badFrames(reason)).toBe(before.counted + 1);
    const correlationId = randomUUID();
    agent.result(correlationId);
    await agent.next('RESULT_ACK');
    expect(await stage.redis.xlen(telemetryStream.stream)).toBe(before.telemetry);
    await agent.close();
  });

  it('before HELLO: ERROR; HELLO still works', async () => {
    const agent = await dial(hub.url, uniqueAgent());
    agent.telemetry(1);
    expect((await agent.next('ERROR')).error.code).toBe('VALIDATION_FAILED');
    agent.hello();
    await agent.next('WELCOME');
    await agent.close();
  });

  it('HELLO for another agent: ERROR and no session', async () => {
    const agent = await dial(hub.url, uniqueAgent());
    agent.hello({ agent_id: 'gw-other' });
    expect((await agent.next('ERROR')).error.code).toBe('PERMISSION_DENIED');
    await agent.close();
  });

  it('larger than 256 KiB: close 1009', async () => {
    const agent = await join(hub.url, uniqueAgent());
    const before = await badFrames('too_large');
    agent.raw('x'.repeat(limits.frameBytes + 1));
    expect(await agent.closed).toBe(1009);
    expect(await badFrames('too_large')).toBe(before + 1);
  });

  it('ten in a minute: close 1008', async () => {
    const agent = await join(hub.url, uniqueAgent());
    for (let n = 0; n < 10; n++) agent.raw('nonsense');
    expect(await agent.closed).toBe(1008);
    expect(agent.all('ERROR')).toHaveLength(10);
  });

  it('more than 50 per second after a burst of 100: close 4429', async () => {
    const agent = await join(hub.url, uniqueAgent());
    for (let n = 0; n < 250; n++) agent.send({ type: 'PONG' });
    expect(await agent.closed).toBe(4429);
  });
});

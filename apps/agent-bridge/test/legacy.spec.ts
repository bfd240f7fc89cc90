import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { ClientOptions } from 'ws';
import { agentHelloStream, agentSessionsStream, telemetryStream } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { legacyStage } from './legacy-stage';
import { LegacyAgent } from './legacy-agent';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { matching } from './test-streams';

const stage = legacyStage();

/** The status with which an upgrade is refused. */
async function refusal({ url }: TestHub, options: ClientOptions, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(`${url}/agent/ws`, protocols, options);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  response.destroy();
  return response.statusCode ?? 0;
}

describe('who comes in', () => {
  it('by its address alone: HELLO and TELEMETRY in the forms of the stage.hub, the session says how', async () => {
    const agent = await stage.dial();
    expect(agent.protocol).toBe('');
    agent.hello();
    await stage.served(agent);
    agent.telemetry();
    const [hello] = await matching(stage.redis, agentHelloStream, (body) => body.hello.agent_id === agent.id);
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
    expect((await matching(stage.redis, agentSessionsStream, isOurs))[0]).toMatchObject({
      way: 'legacy',
      dialect: 'legacy',
    });
    const [batch] = await matching(stage.redis, telemetryStream, ({ frames }) =>
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
      const agent = await LegacyAgent.dial(stage.hub.url, 'gw-network', address, path);
      agent.hello();
      await stage.served(agent);
      await agent.close();
    }
  });

  it('not from another address, not for another id, and not with a header or subprotocol of ours', async () => {
    const localAddress = '127.0.8.1';
    expect(await refusal(stage.hub, { localAddress: '127.0.9.1' })).toBe(400);
    expect(await refusal(stage.hub, { localAddress, headers: { 'X-Agent-Id': 'gw-network' } })).toBe(400);
    expect(await refusal(stage.hub, { localAddress }, ['viworks-agent-v1'])).toBe(400);
    const agent = await stage.dial();
    agent.hello({ agent_id: 'gw-network' });
    await eventually(() => expect(agent.ignored).toEqual(['ERROR']));
    await agent.close();
  });

  it('without an entry the request is held against the ways that are on, as before', async () => {
    const other = await stage.startHub();
    expect(await refusal(other, { localAddress: '127.0.8.1' })).toBe(400);
    await other.stop();
  });

  it('values that only describe the host do not keep an agent out', async () => {
    const agent = await stage.joined({ start_time: '', os: 7, container_engine: {}, feature_flags: null });
    agent.telemetry({ mem: null, disk: [{ mount: '/' }], loadavg: 'x', services: { a: true }, cpu_pct: 12 });
    const [batch] = await matching(stage.redis, telemetryStream, ({ frames }) =>
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
    const agent = await stage.joined();
    const current = await join(stage.hub.url, uniqueAgent());
    agent.freeze();
    current.freeze();
    const isSilent = (body: { kind: string }): boolean =>
      body.kind === 'disconnected' && 'agent_id' in body && body.agent_id === current.id;
    await matching(stage.redis, agentSessionsStream, isSilent);
    const { agents } = (await (await fetch(`${stage.hub.opsUrl}/internal/agent/agents`)).json()) as {
      agents: { agent_id: string; dialect: string }[];
    };
    expect(agents).toContainEqual(expect.objectContaining({ agent_id: agent.id, dialect: 'legacy' }));
    agent.cut();
    current.cut();
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
  const agent = await stage.joined();
  for (let n = 0; n < 9; n++) agent.raw(text);
  await eventually(() => expect(agent.ignored.filter((type) => type === 'ERROR')).toHaveLength(9));
  const id = randomUUID();
  agent.telemetry({ uptime_s: 4_711 });
  await matching(stage.redis, telemetryStream, ({ frames }) =>
    frames.some(({ agent_id, metrics }) => agent_id === agent.id && metrics.uptime_s === 4_711),
  );
  agent.raw(Buffer.from(id));
  expect(await agent.closed).toBe(1008);
});

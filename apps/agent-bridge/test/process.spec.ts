import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { build } from 'esbuild';
import { agentSessionsStream, commandEventsStream, streams } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, freePort, startProgram, startRedis } from '@viw/testing';
import type { Program, Redis as RedisServer } from '@viw/testing';
import { join, uniqueAgent } from './test-agent';
import { hubEnvironment, seedRegistry } from './test-hub';
import {
  allHeld,
  connect,
  entries,
  matching,
  nothingLeft,
  publish,
  runCommand,
  shortLived,
  untilPast,
} from './test-streams';

let folder: string;
let bundle: string;
let server: RedisServer;
let redis: Redis;
const running: Program[] = [];

beforeAll(async () => {
  folder = await mkdtemp(joinPath(tmpdir(), 'viw-bridge-'));
  bundle = joinPath(folder, 'main.cjs');
  const entry = joinPath(__dirname, '../src/main.ts');
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  });
  server = await startRedis();
  redis = await connect(server.url);
  await seedRegistry(server.url);
});

afterAll(async () => {
  for (const program of running) await program.kill();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

interface HubProcess {
  readonly program: Program;
  readonly url: string;
}

async function launch(environment: Record<string, string>): Promise<Program> {
  const program = await startProgram({
    name: 'agent-bridge',
    argv: [process.execPath, bundle],
    cwd: folder,
    env: environment,
  });
  running.push(program);
  return program;
}

async function launchHub(hub: string, ports: { bind: number; ops: number }): Promise<HubProcess> {
  const program = await launch(
    hubEnvironment(server.url, {
      AGENT_BRIDGE_HUB_ID: hub,
      AGENT_BRIDGE_BIND: `127.0.0.1:${ports.bind}`,
      AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${ports.ops}`,
    }),
  );
  await eventually(async () =>
    expect((await fetch(`http://127.0.0.1:${ports.ops}/internal/readyz`)).status).toBe(200),
  );
  return { program, url: `ws://127.0.0.1:${ports.bind}` };
}

const freePorts = async () => ({ bind: await freePort(), ops: await freePort() });

it('disabled, which is the default: says so and exits 0', async () => {
  const program = await launch({});
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.output()).toContain('"event":"disabled"');
});

it('enabled without a way to prove identity: exits 1 and names the setting', async () => {
  const { AGENT_BRIDGE_SHARED_SECRET: _, ...rest } = hubEnvironment(server.url);
  const program = await launch(rest);
  expect((await program.exited).code).toBe(1);
  expect(program.output()).toContain('AGENT_BRIDGE_SHARED_SECRET');
});

it('an address in use: exits 1 with the reason', async () => {
  const program = await launch(hubEnvironment(server.url, { AGENT_BRIDGE_BIND: `127.0.0.1:${server.port}` }));
  expect((await program.exited).code).toBe(1);
  expect(program.output()).toContain('EADDRINUSE');
});

it('SIGTERM: closes agents with 1012, records it, exits 0; the secret stands in no log line', async () => {
  const hub = await launchHub('hub-term', await freePorts());
  const agent = await join(hub.url, uniqueAgent());
  hub.program.signal('SIGTERM');
  expect(await agent.closed).toBe(1012);
  expect(await hub.program.exited).toEqual({ code: 0, signal: null });
  const [ended] = await matching(
    redis,
    agentSessionsStream,
    (body) => body.kind === 'disconnected' && body.agent_id === agent.id,
  );
  expect(ended).toMatchObject({ reason: 'hub_restarting', code: 1012 });
  expect(hub.program.output()).toMatch(/"event":"agent_connected".*"conn_id":"[0-9a-f-]+"/);
  expect(hub.program.output()).not.toContain('the shared secret of these tests');
});

it('kill -9 with commands dispatched and waiting: after restart and reconnect all are sent, in order, none is lost', async () => {
  const ports = await freePorts();
  const first = await launchHub('hub-kill', ports);
  const agent = await join(first.url, uniqueAgent(), { max_concurrency: 2 });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await publish(redis, runCommand(agent.id)));
  const offline = uniqueAgent();
  const parked = await publish(redis, runCommand(offline));
  await eventually(() => expect(agent.all('COMMAND')).toHaveLength(2));
  await matching(redis, commandEventsStream, (body) => body.correlation_id === ids[1]);
  await allHeld(redis, 'hub-kill', ids.length);
  await first.program.kill();
  await agent.closed;
  // While no hub is there.
  ids.push(await publish(redis, runCommand(agent.id)));

  const second = await launchHub('hub-kill', ports);
  const again = await join(second.url, agent.id, { max_concurrency: 2 });
  for (const [index, expected] of ids.entries()) {
    await eventually(() => expect(again.all('COMMAND')[index]?.correlation_id).toBe(expected));
    again.result(expected);
    await again.next('RESULT_ACK');
  }
  const late = await join(second.url, offline);
  expect((await late.next('COMMAND')).correlation_id).toBe(parked);
  late.result(parked);
  await nothingLeft(redis, 'hub-kill', agent.id);
  await nothingLeft(redis, 'hub-kill', offline);
  expect(await redis.xlen(`${streams.commands}.dead`)).toBe(0);
  await Promise.all([again.close(), late.close()]);
  await second.program.stop();
});

it('kill -9, and the time of a dispatched command runs out before the restart: not sent again, not called expired', async () => {
  const ports = await freePorts();
  const first = await launchHub('hub-late', ports);
  const agent = await join(first.url, uniqueAgent());
  const command = await shortLived(
    redis,
    agent.id,
    async ({ correlation_id }) =>
      expect(await entries(redis, commandEventsStream)).toContainEqual(
        expect.objectContaining({ correlation_id, state: 'dispatched' }),
      ),
    ({ correlation_id }) => {
      agent.result(correlation_id);
      return nothingLeft(redis, 'hub-late', agent.id);
    },
  );
  const ofCommand = (body: { correlation_id: string }): boolean =>
    body.correlation_id === command.correlation_id;
  await first.program.kill();
  await untilPast(command.expires_at);
  const second = await launchHub('hub-late', ports);
  const again = await join(second.url, agent.id);
  const told = await matching(redis, commandEventsStream, ofCommand, 2);
  expect(told.map(({ state }) => state)).toEqual(['dispatched', 'dispatched']);
  await nothingLeft(redis, 'hub-late', agent.id);
  expect(again.all('COMMAND')).toEqual([]);
  await again.close();
  await second.program.stop();
});

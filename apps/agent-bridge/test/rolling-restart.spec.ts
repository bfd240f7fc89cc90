import {
  commandEventsStream,
  commandResultsStream,
  hubStream,
  mailboxStream,
  streams,
  telemetryStream,
} from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { HubProcesses } from './hub-process';
import { LoadAgent } from './load-agent';
import { uniqueAgent } from './test-agent';
import { seedRegistry } from './test-hub';
import { connect, entries, publish, runCommand } from './test-streams';

const AGENTS = 24;
/** How often an agent has to dial, which a busy machine does not change: once, or a few times more. */
const DIALS_AT_MOST = 4;
/** How long any of them is gone, in one restart at least: a machine that stands still for a moment breaks no promise. */
const GONE_AT_MOST_MS = 5_000;
const RESTARTS_AT_MOST = 3;
const wait = { timeoutMs: 30_000 };

let server: RedisServer;
let redis: Redis;
let processes: HubProcesses;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  await seedRegistry(server.url);
  processes = await HubProcesses.bundle('fast-hub.ts');
});

afterAll(async () => {
  await processes.end();
  redis.disconnect();
  await server.stop();
});

it('two hubs restarted one after the other under load: nothing is lost, nobody is gone for long', async () => {
  const settings = { AGENT_BRIDGE_DRAIN_S: '2', AGENT_BRIDGE_HEARTBEAT_S: '1' };
  const launch = (id: string, port?: number) =>
    processes.launch(server.url, {
      ...settings,
      AGENT_BRIDGE_HUB_ID: id,
      ...(port !== undefined && { port }),
    });
  const hubs = await Promise.all([launch('hub-one'), launch('hub-two')]);
  const agents = Array.from(
    { length: AGENTS },
    () =>
      new LoadAgent(
        uniqueAgent(),
        hubs.map(({ url }) => url),
      ),
  );
  agents.forEach((agent, index) => agent.start(index));
  await eventually(() => expect(agents.every(({ isWelcome }) => isWelcome)).toBe(true), wait);

  const given: string[] = [];
  const failures: unknown[] = [];
  const load = setInterval(() => {
    for (const agent of agents) agent.telemetry();
    const { id } = agents[given.length % AGENTS] as LoadAgent;
    const command = runCommand(id, { expires_at: new Date(Date.now() + 60_000).toISOString() });
    given.push(command.correlation_id);
    publish(redis, command).catch((error: unknown) => failures.push(error));
  }, 50);

  const longestGaps: number[] = [];
  const wasPrompt = (): boolean => longestGaps.some((ms) => ms < GONE_AT_MOST_MS);
  for (let n = 0; n < hubs.length || (n < RESTARTS_AT_MOST && !wasPrompt()); n++) {
    const hub = hubs[n % hubs.length] as (typeof hubs)[number];
    hub.program.signal('SIGTERM');
    expect(await hub.program.exited).toEqual({ code: 0, signal: null });
    await eventually(() => expect(agents.every(({ isWelcome }) => isWelcome)).toBe(true), wait);
    const gaps = agents.flatMap(({ gapsMs }) => gapsMs.splice(0));
    longestGaps.push(gaps.length > 0 ? Math.max(...gaps) : Infinity);
    hubs[n % hubs.length] = await launch(hub.id, hub.port);
  }
  clearInterval(load);
  expect(failures).toEqual([]);

  await eventually(async () => {
    const results = await entries(redis, commandResultsStream);
    expect(new Set(results.map(({ result }) => result.correlation_id))).toEqual(new Set(given));
    expect(agents.reduce((sum, agent) => sum + agent.unacknowledgedResults, 0)).toBe(0);
  }, wait);
  await eventually(async () => {
    for (const { id } of hubs) expect(await redis.xlen(hubStream(id))).toBe(0);
    for (const { id } of agents) expect(await redis.exists(mailboxStream(id))).toBe(0);
  }, wait);
  expect(await redis.xlen(`${streams.commands}.dead`)).toBe(0);
  const events = await entries(redis, commandEventsStream);
  expect(new Set(events.map(({ state }) => state))).toEqual(new Set(['dispatched']));

  const stored = new Set(
    (await entries(redis, telemetryStream)).flatMap(({ frames }) =>
      frames.map(({ session_id, seq }) => `${session_id} ${seq}`),
    ),
  );
  for (const { acknowledged } of agents)
    for (const [session, seq] of acknowledged) expect(stored).toContain(`${session} ${seq}`);

  for (const { closeCodes } of agents) expect(new Set(closeCodes)).toEqual(new Set([1012]));
  expect(Math.max(...agents.flatMap(({ dials }) => dials))).toBeLessThanOrEqual(DIALS_AT_MOST);
  expect(Math.min(...longestGaps)).toBeLessThan(GONE_AT_MOST_MS);
  for (const agent of agents) agent.stop();
}, 120_000);

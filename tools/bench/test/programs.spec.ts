import { agentIdsOf } from '@viw/simulator';
import { connectAgents } from '../src/dispatch/hubs';
import { registerGateways } from '../src/dispatch/register-gateways';
import { startBackend } from '../src/programs/backend';
import { Bridge } from '../src/programs/bridge';
import { processUsage } from '../src/programs/process-usage';
import { startResultsWriter } from '../src/programs/results-writer';
import { startTelemetryWriter } from '../src/programs/telemetry-writer';
import { sessionFaults } from '../src/storm/session-records';
import { type World, createWorld } from '../src/world';

/** What the benches measure is there and works together; the services have to be built. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);
afterAll(() => world.stop());

it('a small fleet on the built services: registered, connected, recorded; the hub starts again', async () => {
  await startTelemetryWriter(world);
  await startResultsWriter(world);
  const client = await startBackend(world);
  const fleet = { prefix: 'gw-test', agents: 4, spreadMs: 100 };
  const ids = agentIdsOf({ ...fleet, first: 0 });
  await registerGateways(ids, { client });
  const bridge = await Bridge.start({ hub: 'hub-test', maxConnections: 8 }, world);
  const [agents] = await connectAgents(fleet, [bridge], world);
  expect(agents?.agentIds).toEqual(ids);
  expect(await sessionFaults((await agents?.observe()) ?? [], world)).toMatchObject({ agents: 0 });
  expect(await bridge.metric('viw_agent_connects_total')).toBe(4);
  const { pid } = bridge;
  expect(processUsage(pid).peakRssKb).toBeGreaterThan(0);
  await bridge.kill();
  await bridge.startAgain();
  expect(bridge.pid).not.toBe(pid);
  await bridge.stop();
}, 120_000);

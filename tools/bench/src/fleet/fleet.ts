import { setTimeout as pause } from 'node:timers/promises';
import { streams } from '@viw/contracts';
import { bundleOf } from '@viw/programs';
import { type AgentObservation, SimulatedFleet, agentsThatFit } from '@viw/simulator';
import type { Scale } from '../arguments';
import { StreamLedger, framesOfEntry } from '../telemetry/stream-ledger';
import { Bridge, sharedSecret } from '../programs/bridge';
import { Inspector } from '../programs/inspector';
import { processUsage } from '../programs/process-usage';
import type { BenchDeps, Report } from '../report';
import { rounded } from '../statistics';
import { createRedisWorld, versions } from '../world';
import { registerFleet } from '../agents/register-fleet';
import { allWelcomed } from '../agents/welcomed';

interface FleetMeasure {
  readonly agents: number;
  readonly processes: number;
  /** Within which the agents dial. */
  readonly spreadMs: number;
  /** Within which all of them must have a session, those included that a busy hub sent away at first. */
  readonly connectLimitMs: number;
  /** How long the connected fleet is watched. */
  readonly watchMs: number;
}

const measures: Record<Scale, FleetMeasure> = {
  quick: { agents: 2_000, processes: 2, spreadMs: 5_000, connectLimitMs: 20_000, watchMs: 22_000 },
  full: { agents: 20_000, processes: 4, spreadMs: 60_000, connectLimitMs: 300_000, watchMs: 120_000 },
};

const TELEMETRY_EVERY_MS = 30_000;
/** Until handles that were closed are gone and the last timers have fired. */
const SETTLE_MS = 1_000;
const prefix = 'gw-fleet';

/** Many agents on one hub, each reporting every 30 s: what one costs, and whether the hub keeps its beat. */
export async function fleet(scale: Scale, { say, profile }: BenchDeps): Promise<Report> {
  const { processes, spreadMs, connectLimitMs, watchMs, ...wanted } = measures[scale];
  const { agents, warning } = agentsThatFit(wanted.agents);
  if (warning !== undefined) say(warning);
  const world = await createRedisWorld();
  try {
    const range = { prefix, first: 0, agents };
    await registerFleet(range, world);
    const bridge = await Bridge.start({ hub: 'hub-bench', maxConnections: agents }, world);
    const empty = await settledRss(bridge);
    const simulated = new SimulatedFleet({
      ...range,
      processes,
      bundle: bundleOf('tools/simulator'),
      hubUrl: bridge.url,
      sharedSecret,
      firstSpreadMs: spreadMs,
      telemetryEveryMs: TELEMETRY_EVERY_MS,
    });
    world.undo.push(() => simulated.stop());
    await simulated.start();
    await allWelcomed([simulated], connectLimitMs);
    const begun = await simulated.observe();
    say(`${agents} agents have a session`);
    const from = { cpuMs: processUsage(bridge.pid).cpuMs, at: performance.now() };
    await profile(bridge, () => pause(watchMs));
    const cpu = (processUsage(bridge.pid).cpuMs - from.cpuMs) / (performance.now() - from.at);
    const observed = await simulated.observe();
    const silent = await bridge.metric('viw_heartbeats_missed_total');
    const full = await settledRss(bridge);
    checkSessions(begun, observed);
    const ledger = new StreamLedger(
      { stream: streams.telemetry, framesOf: framesOfEntry },
      { redis: world.redis },
    );
    await ledger.take();
    checkTelemetry(ledger, observed, watchMs);
    const kb = (full - empty) / agents;
    const missed = silent + observed.reduce((sum, { heartbeatsMissed }) => sum + heartbeatsMissed, 0);
    return {
      rows: [
        { what: 'resident memory of the empty hub', rounds: [empty / 1_024], unit: 'MiB' },
        { what: `resident memory with ${agents} agents`, rounds: [full / 1_024], unit: 'MiB' },
        { what: 'per agent', rounds: [kb], unit: 'KiB' },
        { what: 'processor of the hub', rounds: [100 * cpu], unit: '% of a core' },
        { what: 'heartbeats missed', rounds: [missed], unit: '' },
        { what: 'telemetry stored', rounds: [ledger.total], unit: 'frames' },
      ],
      figures: {
        bench: 'fleet',
        agents,
        kb_per_agent: rounded(kb, 1),
        cpu_core_pct: rounded(100 * cpu, 1),
        heartbeats_missed: missed,
        agents_wanted: wanted.agents,
        frames_per_agent: rounded(ledger.total / agents, 2),
        versions: await versions(world),
      },
    };
  } finally {
    await world.stop();
  }
}

/** After what is garbage was collected, KiB. */
async function settledRss(bridge: Bridge): Promise<number> {
  await pause(SETTLE_MS);
  const inspector = await Inspector.connect(bridge.inspectorPort);
  try {
    await inspector.collectGarbage();
    await inspector.collectGarbage();
  } finally {
    inspector.close();
  }
  await pause(SETTLE_MS);
  return processUsage(bridge.pid).rssKb;
}

/** @throws Error when an agent is not in the session any more that it was in when all had begun */
function checkSessions(begun: readonly AgentObservation[], observed: readonly AgentObservation[]): void {
  const sessions = new Map(begun.map(({ agentId, sessionId }) => [agentId, sessionId]));
  const lost = observed.filter(
    ({ agentId, sessionId }) => sessionId === undefined || sessionId !== sessions.get(agentId),
  );
  if (lost.length > 0) throw new Error(`${lost.length} agents lost their session`);
}

/** @throws Error when an agent's reports are not in the stream */
function checkTelemetry(ledger: StreamLedger, observed: readonly AgentObservation[], watchMs: number): void {
  const least = Math.floor(watchMs / TELEMETRY_EVERY_MS);
  const short = observed.filter(({ agentId }) => ledger.newestOf(agentId) < least);
  if (short.length > 0)
    throw new Error(`${short.length} agents have fewer than ${least} reports in the stream`);
}

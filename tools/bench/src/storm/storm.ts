import { setTimeout as pause } from 'node:timers/promises';
import { bundleOf } from '@viw/programs';
import { type AgentObservation, SimulatedFleet, agentsThatFit, monotonicMs } from '@viw/simulator';
import type { Scale } from '../arguments';
import { registerFleet } from '../agents/register-fleet';
import { allWelcomed } from '../agents/welcomed';
import { Bridge, sharedSecret } from '../programs/bridge';
import { sessionsReadUp } from '../programs/group-progress';
import type { BenchDeps, Report } from '../report';
import { peakToMean, rounded } from '../statistics';
import { createWorld, versions } from '../world';
import { startTelemetryWriter } from '../programs/telemetry-writer';
import { sessionFaults } from './session-records';

interface StormMeasure {
  readonly agents: number;
  readonly processes: number;
  /** Within which the agents dial at first. */
  readonly spreadMs: number;
  /** After the restart; a run that takes longer has failed. */
  readonly backLimitMs: number;
}

const measures: Record<Scale, StormMeasure> = {
  quick: { agents: 1_000, processes: 2, spreadMs: 1_500, backLimitMs: 30_000 },
  full: { agents: 10_000, processes: 4, spreadMs: 30_000, backLimitMs: 180_000 },
};

const AWAY_MS = 5_000;
const TELEMETRY_EVERY_MS = 30_000;
const prefix = 'gw-storm';

/** SIGKILL of a hub with its whole fleet, and how the fleet comes back when the hub does. */
export async function storm(scale: Scale, { say }: BenchDeps): Promise<Report> {
  const { processes, spreadMs, backLimitMs, ...wanted } = measures[scale];
  const { agents, warning } = agentsThatFit(wanted.agents);
  if (warning !== undefined) say(warning);
  const world = await createWorld();
  try {
    await startTelemetryWriter(world);
    const range = { prefix, first: 0, agents };
    await registerFleet(range, world);
    const bridge = await Bridge.start({ hub: 'hub-bench', maxConnections: agents }, world);
    const fleet = new SimulatedFleet({
      ...range,
      processes,
      bundle: bundleOf('tools/simulator'),
      hubUrl: bridge.url,
      sharedSecret,
      firstSpreadMs: spreadMs,
      telemetryEveryMs: TELEMETRY_EVERY_MS,
    });
    world.undo.push(() => fleet.stop());
    await fleet.start();
    await allWelcomed([fleet], spreadMs + 60_000);
    say(`${agents} agents have a session; the hub is killed`);

    const killedAt = monotonicMs();
    await bridge.kill();
    await pause(AWAY_MS);
    await bridge.startAgain();
    const upAt = monotonicMs();
    await allWelcomed([fleet], backLimitMs);
    const observed = await fleet.observe();
    const back = observed.map((agent) => sessionAfter(agent, killedAt));
    await sessionsReadUp(world);
    const faults = await sessionFaults(observed, world);
    say(
      `records: ${faults.gateways} gateways wrong, ${faults.missing} sessions missing, ${faults.leftOpen} left open`,
    );
    const last = back.reduce((a, b) => Math.max(a, b));
    const peak = peakToMean(back, 1_000);
    return {
      rows: [
        { what: 'all back after the kill', rounds: [(last - killedAt) / 1_000], unit: 's' },
        { what: 'all back after the hub was up again', rounds: [(last - upAt) / 1_000], unit: 's' },
        { what: 'busiest second to mean second', rounds: [peak], unit: '' },
        { what: 'agents with wrong records', rounds: [faults.agents], unit: '' },
      ],
      figures: {
        bench: 'storm',
        all_back_s: rounded((last - killedAt) / 1_000, 2),
        peak_to_mean: rounded(peak, 2),
        sessions_wrong: faults.agents,
        gateways_wrong: faults.gateways,
        sessions_missing: faults.missing,
        sessions_left_open: faults.leftOpen,
        agents,
        versions: await versions(world),
      },
    };
  } finally {
    await world.stop();
  }
}

/** When the session that an agent has now began. @throws Error when that was before the kill */
function sessionAfter({ agentId, welcomedAt }: AgentObservation, killedAt: number): number {
  const at = welcomedAt.at(-1);
  if (at === undefined || at < killedAt) throw new Error(`${agentId} did not notice that its hub was killed`);
  return at;
}

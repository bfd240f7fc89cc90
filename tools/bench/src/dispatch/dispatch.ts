import type { Client } from '@viw/client';
import { type SimulatedFleet, agentIdsOf } from '@viw/simulator';
import type { Scale } from '../arguments';
import { startBackend } from '../programs/backend';
import { Bridge } from '../programs/bridge';
import { startResultsWriter } from '../programs/results-writer';
import type { BenchDeps, Report } from '../report';
import { median, percentile, rounded } from '../statistics';
import { type World, createWorld, versions } from '../world';
import { startTelemetryWriter } from '../programs/telemetry-writer';
import { BullMq } from './bullmq';
import { ChangeWatch } from './change-watch';
import { giveCommands } from './command-load';
import { allSucceeded } from './command-records';
import { connectAgents } from './hubs';
import { type Latencies, latenciesOf } from './latencies';
import { registerGateways } from './register-gateways';

interface DispatchMeasure {
  readonly rounds: number;
  readonly agents: number;
  readonly spreadMs: number;
  readonly perSecond: number;
  /** How long one round lasts. */
  readonly durationMs: number;
  /** The load before the first round, which counts for nothing but its correctness: code that is not compiled yet is slow. */
  readonly warmUpMs: number;
}

const measures: Record<Scale, DispatchMeasure> = {
  quick: { rounds: 3, agents: 500, spreadMs: 1_500, perSecond: 200, durationMs: 3_000, warmUpMs: 8_000 },
  full: { rounds: 5, agents: 5_000, spreadMs: 15_000, perSecond: 200, durationMs: 15_000, warmUpMs: 15_000 },
};

const END_LIMIT_MS = 15_000;
const prefix = 'gw-dispatch';

/**
 * Of two hubs either one reads a command and half of the agents are on the other, so that half of the commands cross
 * over. Which ones is not known: the share of crossing commands that are slower than this percentile of all is at most
 * 1 %, because at most 0.5 % of all are.
 */
const CROSS_P99 = 0.995;

/** Commands by the API, to the agent, and back to whoever watches the API's events. */
export async function dispatch(scale: Scale, { say, profile }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const { agents, rounds, perSecond, durationMs, warmUpMs } = measure;
  const world = await createWorld();
  try {
    await startTelemetryWriter(world);
    await startResultsWriter(world);
    const client = await startBackend(world);
    const agentIds = agentIdsOf({ prefix, first: 0, agents });
    await registerGateways(agentIds, { client });
    say(`${agents} gateways are registered`);
    const hub = (name: string): Promise<Bridge> => Bridge.start({ hub: name, maxConnections: agents }, world);
    const first = await hub('hub-bench-1');
    const bull = await BullMq.start(world);
    const watch = await ChangeWatch.start({ client });
    world.undo.push(async () => watch.stop());
    const one: Latencies[] = [];
    const two: Latencies[] = [];
    const jobs: (readonly number[])[] = [];

    const load = (fleets: readonly SimulatedFleet[], lastsMs = durationMs): Promise<Latencies> =>
      measureCommands({ ...measure, durationMs: lastsMs, agentIds }, fleets, { world, client, watch });
    const alone = await connectAgents({ ...measure, prefix }, [first], world);
    await load(alone, warmUpMs);
    await profile(first, async () => {
      for (let round = 1; round <= rounds; round++) {
        one.push(await load(alone));
        jobs.push(await bull.round({ perSecond, durationMs }));
        say(`one hub: round ${round} of ${rounds}`);
      }
    });
    await Promise.all(alone.map((fleet) => fleet.leave()));
    const both = await connectAgents({ ...measure, prefix }, [first, await hub('hub-bench-2')], world);
    await load(both, warmUpMs);
    for (let round = 1; round <= rounds; round++) {
      two.push(await load(both));
      say(`two hubs: round ${round} of ${rounds}`);
    }
    return report({ one, two, jobs }, { ...measure, versions: await versions(world) });
  } finally {
    await world.stop();
  }
}

async function measureCommands(
  options: DispatchMeasure & { readonly agentIds: readonly string[] },
  fleets: readonly SimulatedFleet[],
  { world, client, watch }: { readonly world: World; readonly client: Client; readonly watch: ChangeWatch },
): Promise<Latencies> {
  const given = await giveCommands(options, { client });
  await allSucceeded(
    given.map(({ correlationId }) => correlationId),
    { pool: world.pool, timeoutMs: END_LIMIT_MS },
  );
  const arrivals = (await Promise.all(fleets.map((fleet) => fleet.takeArrivals()))).flat();
  return latenciesOf(given, arrivals, (id) => watch.lastChangeAt(id));
}

function report(
  {
    one,
    two,
    jobs,
  }: {
    readonly one: readonly Latencies[];
    readonly two: readonly Latencies[];
    readonly jobs: readonly (readonly number[])[];
  },
  { agents, rounds, perSecond, ...rest }: DispatchMeasure & { readonly versions: Record<string, string> },
): Report {
  const of = (all: readonly (readonly number[])[], share: number): number[] =>
    all.map((times) => percentile(times, share));
  const arrival = one.map((each) => each.arrival);
  const accepted = one.map((each) => each.accepted);
  const visible = one.map((each) => each.visible);
  const arrivalOfTwo = two.map((each) => each.arrival);
  const rows = [
    { what: 'one hub: answer of the API, p50', rounds: of(accepted, 0.5) },
    { what: 'one hub: answer of the API, p99', rounds: of(accepted, 0.99) },
    { what: 'one hub: API to agent, p50', rounds: of(arrival, 0.5) },
    { what: 'one hub: API to agent, p99', rounds: of(arrival, 0.99) },
    { what: 'one hub: API to visible result, p50', rounds: of(visible, 0.5) },
    { what: 'one hub: API to visible result, p99', rounds: of(visible, 0.99) },
    { what: 'two hubs: API to agent, p50', rounds: of(arrivalOfTwo, 0.5) },
    { what: 'two hubs: API to agent, p99', rounds: of(arrivalOfTwo, 0.99) },
    { what: 'two hubs: across, p99 at most', rounds: of(arrivalOfTwo, CROSS_P99) },
    { what: 'BullMQ: add to process, p50', rounds: of(jobs, 0.5) },
    { what: 'BullMQ: add to process, p99', rounds: of(jobs, 0.99) },
  ];
  const ms = (all: readonly (readonly number[])[], share: number): number =>
    rounded(median(of(all, share)), 2);
  return {
    rows: rows.map((row) => ({ ...row, unit: 'ms' })),
    figures: {
      bench: 'dispatch',
      p50_ms: ms(arrival, 0.5),
      p99_ms: ms(arrival, 0.99),
      visible_p99_ms: ms(visible, 0.99),
      cross_hub_p99_ms: ms(arrivalOfTwo, CROSS_P99),
      accepted_p99_ms: ms(accepted, 0.99),
      bullmq_p50_ms: ms(jobs, 0.5),
      bullmq_p99_ms: ms(jobs, 0.99),
      agents,
      per_second: perSecond,
      commands: one.concat(two).reduce((sum, each) => sum + each.arrival.length, 0),
      rounds,
      versions: rest.versions,
    },
  };
}

import type { GroupName, StreamName } from '@viw/contracts';
import { streamGroups } from '@viw/contracts';
import type { WriterService } from '@viw/programs';
import { Chance } from '../chance';
import { planFaults } from './schedule';
import type { ScheduledFault, ScheduleOptions } from './schedule';
import type { Planted } from '../ledger/dead-letter-ledger';
import { AgentEventsLoad } from './load/agent-events-load';
import { ChainLoad } from './load/chain-load';
import { FuzzedFramesLoad } from './load/fuzzed-frames-load';
import type { Load } from './load/load';
import { fuzzedEntries, poisonEntries } from './load/poison-entries';
import { ResultsLoad } from './load/results-load';
import { TelemetryLoad } from './load/telemetry-load';
import { chainRetentionS } from './command-chain';
import type { World } from './world';

export const scenarioNames = ['results', 'telemetry', 'poison', 'outage'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** It looks every 10 s, and is elected anew 30 s after its death. */
const JANITOR_LAG_S = 20;

/** How much of it: `--quick` for everyday, the full measure for the record. */
export interface Measure {
  /** How long the load runs. */
  readonly windowMs: number;
  /** How long the writers may take afterwards until the books balance. */
  readonly drainMs: number;
  /** Share by which outages last longer than in a quick run. */
  readonly stretch: number;
  /** How long Postgres is away in `outage`; the load goes on before, meanwhile and after. */
  readonly postgresAwayMs: number;
  readonly commandsPerSecond: number;
  readonly agents: number;
  readonly entriesPerSecond: number;
  /** So many fuzzed entries, and so many fuzzed frames to a hub, in `poison` only. */
  readonly fuzzed: number;
  /** How often each kill point is hit, where there are any. */
  readonly killRounds: number;
}

export const measures = {
  quick: {
    windowMs: 12_000,
    drainMs: 15_000,
    stretch: 1,
    fuzzed: 3_000,
    postgresAwayMs: 8_000,
    commandsPerSecond: 80,
    agents: 60,
    entriesPerSecond: 12,
    killRounds: 1,
  },
  full: {
    windowMs: 120_000,
    drainMs: 120_000,
    stretch: 2.5,
    fuzzed: 100_000,
    postgresAwayMs: 60_000,
    commandsPerSecond: 150,
    agents: 200,
    entriesPerSecond: 15,
    killRounds: 5,
  },
} satisfies Record<string, Measure>;

export interface Scenario {
  readonly services: readonly WriterService[];
  /** Beside the traffic of a hub that is played here: the built backend and hub, and an agent that takes commands. */
  readonly chain: boolean;
  /** Processes die between two steps on purpose, at each point that one of them passes. */
  readonly killPoints: boolean;
  /**
   * `every-kind`: processes, servers and wires are tampered with, as the seed plans it. `long-outage`: Postgres is away
   * once, for long. `none`: then no writer may end by itself.
   */
  readonly faults: 'every-kind' | 'long-outage' | 'none';
  /** Poison among the traffic; `fuzzed`: entries, and frames where there is a hub. */
  readonly planted: 'one-of-each' | 'fuzzed' | 'none';
}

const both: readonly WriterService[] = ['results-writer', 'telemetry-writer'];
const harsh = { killPoints: true, faults: 'every-kind', planted: 'one-of-each' } as const;

export const scenarios: Record<ScenarioName, Scenario> = {
  results: { services: ['results-writer'], chain: true, ...harsh },
  telemetry: { services: ['telemetry-writer'], chain: false, ...harsh },
  poison: { services: both, chain: true, killPoints: false, faults: 'none', planted: 'fuzzed' },
  outage: { services: both, chain: false, killPoints: false, faults: 'long-outage', planted: 'none' },
};

export function loadsOf(
  { services, planted }: Scenario,
  measure: Measure,
  seed: number,
  { producer, db, chain }: Pick<World, 'producer' | 'db' | 'chain'>,
): Load[] {
  const played = services.flatMap((service): Load[] => {
    const deps = { producer, db, chance: new Chance(seed + 1) };
    return service === 'results-writer'
      ? [new ResultsLoad(measure, deps)]
      : [new TelemetryLoad(measure, deps), new AgentEventsLoad(deps)];
  });
  if (!chain) return played;
  const fuzzing = new FuzzedFramesLoad(measure, { chain, chance: new Chance(seed + 3) });
  return [...played, new ChainLoad({ chain, db }), ...(planted === 'fuzzed' ? [fuzzing] : [])];
}

/** What goes wrong in it, and when. */
export function faultsOf(
  { faults }: Scenario,
  measure: Measure,
  { seed, writers, groups }: Pick<ScheduleOptions, 'seed' | 'writers' | 'groups'>,
): ScheduledFault[] {
  switch (faults) {
    case 'every-kind':
      return planFaults({ ...measure, seed, writers, groups });
    case 'long-outage':
      return [{ kind: 'crash-postgres', forMs: measure.postgresAwayMs, atMs: 2_000 }];
    case 'none':
      return [];
  }
}

/** How long the load runs: over an outage and a moment longer. */
export const windowOf = ({ faults }: Scenario, { windowMs, postgresAwayMs }: Measure): number =>
  faults === 'long-outage' ? postgresAwayMs + 4_000 : windowMs;

/**
 * How many entries may stand in the streams at the end. Without a janitor: a lost reply makes a producer send again what
 * was under way, never everything twice. With one, in a run that outlasts its retention, what was added since then.
 */
export function entriesLimit(
  { chain }: Scenario,
  { windowMs }: Measure,
  { sent, planted }: { readonly sent: number; readonly planted: number },
): number {
  const all = 2 * (sent + planted);
  const keptMs = (chainRetentionS + JANITOR_LAG_S) * 1_000;
  return chain && windowMs > 2 * keptMs ? Math.ceil((all * keptMs) / windowMs) : all;
}

/** One of each kind for every stream that is written to; in `poison` fuzzed ones too. */
export function plantedFor(
  scenario: Scenario,
  measure: Measure,
  seed: number,
  streams: readonly StreamName[],
): Planted[] {
  if (scenario.planted === 'none') return [];
  const chance = new Chance(seed + 2);
  const fuzzed = scenario.planted === 'fuzzed' ? Math.ceil(measure.fuzzed / streams.length) : 0;
  return chance.shuffled(
    streams.flatMap((stream) => [...poisonEntries(stream), ...fuzzedEntries(stream, fuzzed, chance)]),
  );
}

/** The group that has to read it up. */
export function groupOf(stream: StreamName): GroupName {
  const [group] = streamGroups[stream];
  if (group === undefined) throw new Error(`${stream} is read by no group`);
  return group;
}

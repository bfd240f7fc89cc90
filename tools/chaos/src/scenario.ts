import type { GroupName, StreamName } from '@viw/contracts';
import { groups } from '@viw/contracts';
import { Chance } from './chance';
import { planFaults } from './faults/schedule';
import type { ScheduledFault, ScheduleOptions } from './faults/schedule';
import type { Planted } from './ledger/dead-letter-ledger';
import type { Load } from './load/load';
import { fuzzedEntries, poisonEntries } from './load/poison-entries';
import { ResultsLoad } from './load/results-load';
import { TelemetryLoad } from './load/telemetry-load';
import type { World } from './world/world';
import type { WriterService } from './world/writer-program';

export const scenarioNames = ['results', 'telemetry', 'poison', 'outage'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

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
  /** Fuzzed entries, in `poison` only. */
  readonly fuzzed: number;
}

export const measures = {
  quick: {
    ...{ windowMs: 12_000, drainMs: 15_000, stretch: 1, fuzzed: 3_000, postgresAwayMs: 8_000 },
    ...{ commandsPerSecond: 80, agents: 60, entriesPerSecond: 12 },
  },
  full: {
    ...{ windowMs: 120_000, drainMs: 120_000, stretch: 2.5, fuzzed: 100_000, postgresAwayMs: 60_000 },
    ...{ commandsPerSecond: 150, agents: 200, entriesPerSecond: 15 },
  },
} satisfies Record<string, Measure>;

export interface Scenario {
  readonly services: readonly WriterService[];
  /**
   * `every-kind`: processes, servers and wires are tampered with, as the seed plans it. `long-outage`: Postgres is away
   * once, for long. `none`: then no writer may end by itself.
   */
  readonly faults: 'every-kind' | 'long-outage' | 'none';
  /** Poison among the traffic. */
  readonly planted: 'one-of-each' | 'fuzzed' | 'none';
}

export const scenarios: Record<ScenarioName, Scenario> = {
  results: { services: ['results-writer'], faults: 'every-kind', planted: 'one-of-each' },
  telemetry: { services: ['telemetry-writer'], faults: 'every-kind', planted: 'one-of-each' },
  poison: { services: ['results-writer', 'telemetry-writer'], faults: 'none', planted: 'fuzzed' },
  outage: { services: ['results-writer', 'telemetry-writer'], faults: 'long-outage', planted: 'none' },
};

export function loadsOf(
  { services }: Scenario,
  measure: Measure,
  seed: number,
  { producer, db }: Pick<World, 'producer' | 'db'>,
): Load[] {
  return services.map((service) => {
    const deps = { producer, db, chance: new Chance(seed + 1) };
    return service === 'results-writer' ? new ResultsLoad(measure, deps) : new TelemetryLoad(measure, deps);
  });
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

export const groupOf = (stream: StreamName): GroupName =>
  stream === 'viw.command_events' || stream === 'viw.command_results'
    ? groups.resultsWriter
    : groups.telemetryWriter;

import type { GroupName, StreamName } from '@viw/contracts';
import { groups } from '@viw/contracts';
import { Chance } from './chance';
import type { Planted } from './ledger/dead-letter-ledger';
import type { Load } from './load/load';
import { fuzzedEntries, poisonEntries } from './load/poison-entries';
import { ResultsLoad } from './load/results-load';
import { TelemetryLoad } from './load/telemetry-load';
import type { World } from './world/world';
import type { WriterService } from './world/writer-program';

export const scenarioNames = ['results', 'telemetry', 'poison'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** How much of it: `--quick` for everyday, the full measure for the record. */
export interface Measure {
  /** How long the load runs. */
  readonly windowMs: number;
  /** How long the writers may take afterwards until the books balance. */
  readonly drainMs: number;
  /** Share by which outages last longer than in a quick run. */
  readonly stretch: number;
  readonly commandsPerSecond: number;
  readonly agents: number;
  readonly entriesPerSecond: number;
  /** Fuzzed entries, in `poison` only. */
  readonly fuzzed: number;
}

export const measures = {
  quick: {
    ...{ windowMs: 12_000, drainMs: 15_000, stretch: 1, fuzzed: 3_000 },
    ...{ commandsPerSecond: 80, agents: 60, entriesPerSecond: 12 },
  },
  full: {
    ...{ windowMs: 120_000, drainMs: 120_000, stretch: 2.5, fuzzed: 100_000 },
    ...{ commandsPerSecond: 150, agents: 200, entriesPerSecond: 15 },
  },
} satisfies Record<string, Measure>;

export interface Scenario {
  readonly services: readonly WriterService[];
  /** Whether processes, servers and wires are tampered with. Without, no writer may end. */
  readonly faults: boolean;
}

export const scenarios: Record<ScenarioName, Scenario> = {
  results: { services: ['results-writer'], faults: true },
  telemetry: { services: ['telemetry-writer'], faults: true },
  poison: { services: ['results-writer', 'telemetry-writer'], faults: false },
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

/** One of each kind for every stream that is written to; in `poison` fuzzed ones too. */
export function plantedFor(
  scenario: Scenario,
  measure: Measure,
  seed: number,
  streams: readonly StreamName[],
): Planted[] {
  const chance = new Chance(seed + 2);
  const fuzzed = scenario.faults ? 0 : Math.ceil(measure.fuzzed / streams.length);
  return chance.shuffled(
    streams.flatMap((stream) => [...poisonEntries(stream), ...fuzzedEntries(stream, fuzzed, chance)]),
  );
}

export const groupOf = (stream: StreamName): GroupName =>
  stream === 'viw.command_events' || stream === 'viw.command_results'
    ? groups.resultsWriter
    : groups.telemetryWriter;

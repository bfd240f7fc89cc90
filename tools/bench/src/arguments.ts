import { parseArgs } from 'node:util';

export const benchNames = ['limits', 'writers', 'ingest', 'fleet', 'dispatch', 'storm'] as const;
export type BenchName = (typeof benchNames)[number];

/** Quick runs end within 45 s on 2 cores. */
export type Scale = 'quick' | 'full';

export interface Measure {
  /** Times each contender runs; they take turns. */
  readonly rounds: number;
  readonly agents: number;
  /** Frames of each agent, 30 s apart by the hub's clock. */
  readonly framesPerAgent: number;
  /** Redis round trips measured one after the other. */
  readonly roundTrips: number;
}

/** Of `limits` and `writers`. */
export const measures: Record<Scale, Measure> = {
  quick: { rounds: 3, agents: 2_000, framesPerAgent: 6, roundTrips: 2_000 },
  full: { rounds: 5, agents: 2_000, framesPerAgent: 40, roundTrips: 20_000 },
};

export const usage = `npm run bench -- ${benchNames.join('|')} [--quick] [--cpu-profile FILE]`;

export interface Arguments {
  readonly name: BenchName;
  readonly scale: Scale;
  /** Where the CPU profile of the hub under load goes. */
  readonly cpuProfile: string | undefined;
}

/** @throws Error with a sentence for the person who typed them */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, 'cpu-profile': { type: 'string' } },
  });
  const [first] = positionals;
  const name = benchNames.find((each) => each === first);
  if (!name || positionals.length > 1) throw new Error(`which bench? One of ${benchNames.join(', ')}`);
  return { name, scale: values.quick ? 'quick' : 'full', cpuProfile: values['cpu-profile'] };
}

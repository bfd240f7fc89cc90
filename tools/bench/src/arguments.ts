import { parseArgs } from 'node:util';

export const benchNames = ['limits', 'writers'] as const;
export type BenchName = (typeof benchNames)[number];

export interface Measure {
  /** Times each contender runs; they take turns. */
  readonly rounds: number;
  readonly agents: number;
  /** Frames of each agent, 30 s apart by the hub's clock. */
  readonly framesPerAgent: number;
  /** Redis round trips measured one after the other. */
  readonly roundTrips: number;
}

/** Quick runs end within 45 s on 2 cores. */
const measures: Record<'quick' | 'full', Measure> = {
  quick: { rounds: 3, agents: 2_000, framesPerAgent: 6, roundTrips: 2_000 },
  full: { rounds: 5, agents: 2_000, framesPerAgent: 40, roundTrips: 20_000 },
};

export const usage = `npm run bench -- ${benchNames.join('|')} [--quick]`;

/** @throws Error with a sentence for the person who typed them */
export function parseArguments(argv: readonly string[]): { name: BenchName; measure: Measure } {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  });
  const [first] = positionals;
  const name = benchNames.find((each) => each === first);
  if (!name || positionals.length > 1) throw new Error(`which bench? One of ${benchNames.join(', ')}`);
  return { name, measure: values.quick ? measures.quick : measures.full };
}

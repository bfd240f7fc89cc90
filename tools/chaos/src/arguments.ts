import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { commandsMeasures } from './whole-product/measure';
import type { CommandsRunOptions } from './whole-product/run';
import { type ScenarioName, measures, scenarioNames } from './streams/scenario';
import type { RunOptions } from './streams/run';

const runNames = [...scenarioNames, 'commands'] as const;

export const usage = `npm run chaos -- ${runNames.join('|')} [--quick] [--seed N]`;

/** One of the runs on streams, or the one of commands through the whole product. */
export type Arguments = RunOptions | ({ readonly scenario: 'commands' } & CommandsRunOptions);

/** @throws Error with a sentence for the person who typed them */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, seed: { type: 'string' } },
  });
  const [name] = positionals;
  const scenario = runNames.find((each): each is ScenarioName | 'commands' => each === name);
  if (!scenario || positionals.length > 1) throw new Error(`which run? One of ${runNames.join(', ')}`);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
  const measure = values.quick ? 'quick' : 'full';
  return scenario === 'commands'
    ? { scenario, seed, measure: commandsMeasures[measure] }
    : { scenario, seed, measure: measures[measure] };
}

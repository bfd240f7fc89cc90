import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type ScenarioName, measures, scenarioNames } from './scenario';
import type { RunOptions } from './run';

export const usage = `npm run chaos -- ${scenarioNames.join('|')} [--quick] [--seed N]`;

/** @throws Error with a sentence for the person who typed them */
export function parseArguments(argv: readonly string[]): RunOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, seed: { type: 'string' } },
  });
  const [name] = positionals;
  const scenario = scenarioNames.find((each): each is ScenarioName => each === name);
  if (!scenario || positionals.length > 1) throw new Error(`which run? One of ${scenarioNames.join(', ')}`);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
  return { scenario, seed, measure: values.quick ? measures.quick : measures.full };
}

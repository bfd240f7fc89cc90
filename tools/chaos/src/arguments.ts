import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { certsMeasures } from './certificates/jobs';
import type { CertsRunOptions } from './certificates/run';
import { commandsMeasures } from './whole-product/measure';
import type { CommandsRunOptions } from './whole-product/run';
import { measures, scenarioNames } from './streams/scenario';
import type { RunOptions } from './streams/run';

const runNames = [...scenarioNames, 'commands', 'certs'] as const;

export const usage = `npm run chaos -- ${runNames.join('|')} [--quick] [--seed N]`;

/** One of the runs on streams, or the one of commands through the whole product, or the one of certificates. */
export type Arguments =
  | RunOptions
  | ({ readonly scenario: 'commands' } & CommandsRunOptions)
  | ({ readonly scenario: 'certs' } & CertsRunOptions);

/** @throws Error with a sentence for the person who typed them */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, seed: { type: 'string' } },
  });
  const [name] = positionals;
  const scenario = runNames.find((each): each is (typeof runNames)[number] => each === name);
  if (!scenario || positionals.length > 1) throw new Error(`which run? One of ${runNames.join(', ')}`);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
  const measure = values.quick ? 'quick' : 'full';
  if (scenario === 'commands') return { scenario, seed, measure: commandsMeasures[measure] };
  if (scenario === 'certs') return { scenario, seed, measure: certsMeasures[measure] };
  return { scenario, seed, measure: measures[measure] };
}

import { parseArgs } from 'node:util';

export const benchNames = [
  'limits',
  'writers',
  'ingest',
  'fleet',
  'dispatch',
  'storm',
  'agent',
  'certs',
  'api',
  'tls',
] as const;
export type BenchName = (typeof benchNames)[number];

/** Quick runs end within 45 s on 2 cores. */
export type Scale = 'quick' | 'full';

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

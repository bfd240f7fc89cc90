import { parseArgs } from 'node:util';

export interface DemoArguments {
  readonly mode: 'run' | 'detach' | 'supervise' | 'stop' | 'check';
  /** Folder that holds everything the demo makes. */
  readonly dir: string;
  /** For `check`: where the steps are written as JSON. */
  readonly report: string | undefined;
}

export const usage = `viw demo: the whole product on this machine

  npm run demo                     run in the foreground; Ctrl-C ends all of it
  npm run demo -- --detach         start in the background, return when everything is ready
  npm run demo -- --stop           end the one that runs in the background
  npm run demo -- --check          walk through it without a person, in a scratch folder
                 --dir=<folder>    where it lives (default: .demo)
                 --report=<file>   with --check: write the steps as JSON`;

/** @throws Error naming the argument that is not understood. */
export function parseArguments(argv: readonly string[], defaultDir: string): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    strict: true,
    options: {
      detach: { type: 'boolean' },
      supervise: { type: 'boolean' },
      stop: { type: 'boolean' },
      check: { type: 'boolean' },
      dir: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const modes = (['detach', 'supervise', 'stop', 'check'] as const).filter((mode) => values[mode]);
  if (modes.length > 1) throw new Error(`--${modes.join(' and --')} exclude each other`);
  return { mode: modes[0] ?? 'run', dir: values.dir ?? defaultDir, report: values.report };
}

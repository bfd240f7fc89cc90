// `npm run bench -- <name>`: bundles what takes part, then runs. Arguments are those of tools/bench/src/arguments.ts.
import { spawn } from 'node:child_process';

const run = (argv, options) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    // Ctrl-C reaches both of us: the run needs a moment to end what it has started.
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
    child.on('exit', (code) => resolve(code ?? 1));
  });

const parts = {
  limits: [],
  writers: ['apps/telemetry-writer'],
  ingest: ['tools/simulator', 'apps/agent-bridge'],
  fleet: ['tools/simulator', 'apps/agent-bridge'],
  dispatch: [
    'tools/simulator',
    'apps/agent-bridge',
    'apps/backend',
    'apps/telemetry-writer',
    'apps/results-writer',
  ],
  storm: ['tools/simulator', 'apps/agent-bridge', 'apps/telemetry-writer'],
};
const name = process.argv.slice(2).find((argument) => argument in parts);
const builds = await Promise.all(
  ['tools/bench', ...(parts[name] ?? [])].map((cwd) => run(['../../tools/build/bundle.mjs'], { cwd })),
);
process.exitCode =
  builds.find((code) => code !== 0) ?? (await run(['tools/bench/dist/main.js', ...process.argv.slice(2)]));

// `npm run chaos -- <name>`: bundles what takes part, then runs. Arguments are those of tools/chaos/src/arguments.ts.
import { spawn } from 'node:child_process';

const run = (argv, options) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    // Ctrl-C reaches both of us: the run needs a moment to end what it has started.
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
    child.on('exit', (code) => resolve(code ?? 1));
  });

const builds = await Promise.all(
  [
    'tools/chaos',
    ...['results-writer', 'telemetry-writer', 'agent-bridge', 'backend'].map((app) => `apps/${app}`),
    ...['gateway-agent', 'host-helper'].map((app) => `apps/${app}`),
  ].map((cwd) => run(['../../tools/build/bundle.mjs'], { cwd })),
);
process.exitCode =
  builds.find((code) => code !== 0) ?? (await run(['tools/chaos/dist/main.js', ...process.argv.slice(2)]));

// Bundles a tool and the packages that take part, then runs the tool with the arguments it was given.
import { spawn } from 'node:child_process';

const run = (argv, options) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    // Ctrl-C reaches both of us: the run needs a moment to end what it has started.
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
    child.on('exit', (code) => resolve(code ?? 1));
  });

/** @param tool such as `tools/chaos`; @param parts folders of packages. @returns the exit code */
export async function bundleAndRun(tool, parts) {
  const builds = await Promise.all(
    [tool, ...parts].map((cwd) => run(['../../tools/build/bundle.mjs'], { cwd })),
  );
  return builds.find((code) => code !== 0) ?? run([`${tool}/dist/main.js`, ...process.argv.slice(2)]);
}

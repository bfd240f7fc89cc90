// `npm run demo`: bundles what changed, then starts the demo. Arguments are those of tools/demo/src/arguments.ts.
import { spawn, spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
if (!args.includes('--stop')) {
  process.stderr.write('viw: building (unchanged parts come from the cache)\n');
  const build = spawnSync('npx', ['nx', 'run-many', '-t', 'build', '--outputStyle=static'], {
    env,
    encoding: 'utf8',
  });
  if (build.status !== 0) {
    process.stderr.write(`${build.stdout}${build.stderr}viw: the build failed, see above\n`);
    process.exit(1);
  }
}
// In a session of its own: a terminal sends Ctrl-C to every process of its foreground group, and the servers must not
// get it before the demo ends them in order.
const demo = spawn(process.execPath, ['tools/demo/dist/main.js', ...args], {
  stdio: 'inherit',
  detached: true,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal));
demo.on('exit', (code) => process.exit(code ?? 1));

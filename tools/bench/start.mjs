// `npm run bench -- <name>`: bundles what takes part, then runs. Arguments are those of tools/bench/src/arguments.ts.
import { spawnSync } from 'node:child_process';
import { bundleAndRun } from '../build/bundle-and-run.mjs';

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
  agent: ['apps/agent-bridge', 'apps/gateway-agent', 'apps/host-helper'],
  certs: ['apps/cert-worker'],
  api: ['apps/backend'],
  tls: ['tools/simulator', 'apps/agent-bridge'],
  storm: ['tools/simulator', 'apps/agent-bridge', 'apps/telemetry-writer'],
};
const name = process.argv.slice(2).find((argument) => argument in parts);
// What `certs` compares with; the bench says so when it is not to be had here.
if (name === 'certs')
  spawnSync('sh', ['tools/system-packages/install.sh', 'bench-certs'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
process.exitCode = await bundleAndRun('tools/bench', parts[name] ?? []);

// `npm run chaos -- <name>`: bundles what takes part, then runs. Arguments are those of tools/chaos/src/arguments.ts.
import { bundleAndRun } from '../build/bundle-and-run.mjs';

process.exitCode = await bundleAndRun('tools/chaos', [
  'apps/results-writer',
  'apps/telemetry-writer',
  'apps/agent-bridge',
  'apps/backend',
  'apps/gateway-agent',
  'apps/host-helper',
  'apps/cert-worker',
]);

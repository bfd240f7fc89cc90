import { join } from 'node:path';
import { freePort, startProgram } from '@viw/testing';
import type { World } from '../world';
import { bundleOf } from './bundles';
import { serviceDatabaseUrl } from './service-login';

/** The built service as a process of its own, with its production role and settings. */
export async function startResultsWriter(world: World): Promise<void> {
  const opsPort = await freePort();
  const program = await startProgram({
    name: 'results-writer',
    argv: [process.execPath, bundleOf('apps/results-writer')],
    env: {
      RESULTS_WRITER_ENABLED: 'true',
      RESULTS_WRITER_OPS_BIND: `127.0.0.1:${opsPort}`,
      RESULTS_WRITER_CONSUMER: 'bench',
      RESULTS_WRITER_REDIS_URL: world.redisServer.url,
      RESULTS_WRITER_DATABASE_URL: await serviceDatabaseUrl('viw_results_writer', world),
    },
    logFile: join(world.dir, 'results-writer.log'),
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  });
  world.undo.push(() => program.stop());
}

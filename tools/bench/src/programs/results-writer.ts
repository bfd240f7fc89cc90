import { serviceAccount, writerProgram } from '@viw/programs';
import { startProgram } from '@viw/testing';
import type { World } from '../world';

/** The built service as a process of its own, with its production role and settings. */
export async function startResultsWriter(world: World): Promise<void> {
  const program = await startProgram(
    await writerProgram({
      service: 'results-writer',
      consumer: 'bench',
      redisUrl: world.redisServer.url,
      databaseUrl: await serviceAccount(world.db, 'viw_results_writer', world.databaseUrl),
      logs: world.dir,
    }),
  );
  world.undo.push(() => program.stop());
}

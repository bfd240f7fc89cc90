import { serviceAccount, writerProgram } from '@viw/programs';
import { type Program, startProgram } from '@viw/testing';
import type { World } from '../world';

/** The built service as a process of its own, with its production role and settings. */
export async function startTelemetryWriter(world: World): Promise<Program> {
  const program = await startProgram(
    await writerProgram({
      service: 'telemetry-writer',
      consumer: 'bench',
      redisUrl: world.redisServer.url,
      databaseUrl: await serviceAccount(world.db, 'viw_telemetry_writer', world.databaseUrl),
      logs: world.dir,
      // The frames were received hours ago: nobody is to be declared silent meanwhile.
      lostAfterS: 86_400,
    }),
  );
  world.undo.push(() => program.stop());
  return program;
}

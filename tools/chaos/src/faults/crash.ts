import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from '@viw/testing';

/** SIGKILL, and started again after so long. */
export async function crash(server: Pick<Server, 'kill' | 'restart'>, forMs: number): Promise<void> {
  await server.kill();
  await pause(forMs);
  await server.restart();
}

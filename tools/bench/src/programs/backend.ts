import { type Client, createClient } from '@viw/client';
import { backendProgram, firstApiKey, makeSecrets, serviceAccount } from '@viw/programs';
import { freePort, startProgram } from '@viw/testing';
import type { World } from '../world';

/** The built backend as a process of its own, with its production role and settings. */
export async function startBackend(world: World): Promise<Client> {
  const port = await freePort();
  const secrets = await makeSecrets();
  const program = await startProgram(
    await backendProgram({
      name: 'backend',
      port,
      redisUrl: world.redisServer.url,
      databaseUrl: await serviceAccount(world.db, 'viw_backend', world.databaseUrl),
      secrets,
      logs: world.dir,
    }),
  );
  world.undo.push(() => program.stop());
  const baseUrl = `http://127.0.0.1:${port}`;
  const key = await firstApiKey(baseUrl, secrets.setupToken);
  return createClient({ baseUrl, auth: { kind: 'apiKey', key } });
}

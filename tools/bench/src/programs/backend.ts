import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Client, createClient } from '@viw/client';
import { freePort, startProgram } from '@viw/testing';
import { exportJWK, generateKeyPair } from 'jose';
import type { World } from '../world';
import { bundleOf } from './bundles';
import { serviceDatabaseUrl } from './service-login';

const token = (): string => randomBytes(24).toString('base64url');

/** The built backend as a process of its own, with its production role and settings. */
export async function startBackend(world: World): Promise<Client> {
  const [port, opsPort] = [await freePort(), await freePort()];
  const setupToken = token();
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const program = await startProgram({
    name: 'backend',
    argv: [process.execPath, bundleOf('apps/backend')],
    env: {
      BACKEND_ENABLED: 'true',
      BACKEND_BIND: `127.0.0.1:${port}`,
      BACKEND_OPS_BIND: `127.0.0.1:${opsPort}`,
      BACKEND_DATABASE_URL: await serviceDatabaseUrl('viw_backend', world),
      BACKEND_REDIS_URL: world.redisServer.url,
      BACKEND_REDIS_STRICT: 'true',
      BACKEND_COOKIE_SECURE: 'false',
      BACKEND_SETUP_TOKEN: setupToken,
      BACKEND_ENCRYPTION_KEY: JSON.stringify({ id: 'bench', key: randomBytes(32).toString('base64') }),
      BACKEND_COMMAND_SIGNING_KEY: JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'bench' }),
    },
    logFile: join(world.dir, 'backend.log'),
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  });
  world.undo.push(() => program.stop());
  return authorised(`http://127.0.0.1:${port}`, setupToken);
}

/** The first administrator by the setup token, then an API key, as a new installation does. */
async function authorised(baseUrl: string, setupToken: string): Promise<Client> {
  const admin = { email: 'admin@bench.test', password: token() };
  const person = createClient({ baseUrl, auth: { kind: 'session' } });
  await person.setup({ setup_token: setupToken, ...admin });
  await person.session.signIn(admin);
  const { id } = await person.apiClients.create({ name: 'bench', role: 'admin' });
  const { key } = await person.apiClients.createKey(id, {});
  return createClient({ baseUrl, auth: { kind: 'apiKey', key } });
}

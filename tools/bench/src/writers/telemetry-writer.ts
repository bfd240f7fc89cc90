import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServiceLogin } from '@viw/database';
import { type Program, freePort, startProgram } from '@viw/testing';
import type { World } from '../world';

/** From `dist/main.js` as from the source. */
function bundle(): string {
  for (const up of ['../../..', '../../../..']) {
    const file = join(resolve(__dirname, up), 'apps', 'telemetry-writer', 'dist', 'main.js');
    if (existsSync(file)) return file;
  }
  throw new Error('telemetry-writer has not been built: npm run build');
}

/** The built service as a process of its own, with its production role and settings. */
export async function startTelemetryWriter(world: World): Promise<Program> {
  const login = new URL(world.databaseUrl);
  login.username = 'bench_telemetry_writer';
  login.password = randomBytes(18).toString('hex');
  await createServiceLogin(world.db, 'viw_telemetry_writer', login.username, login.password);
  const opsPort = await freePort();
  const program = await startProgram({
    name: 'telemetry-writer',
    argv: [process.execPath, bundle()],
    env: {
      TELEMETRY_WRITER_ENABLED: 'true',
      TELEMETRY_WRITER_LOG_LEVEL: 'warn',
      TELEMETRY_WRITER_OPS_BIND: `127.0.0.1:${opsPort}`,
      TELEMETRY_WRITER_REDIS_URL: world.redisServer.url,
      TELEMETRY_WRITER_DATABASE_URL: login.toString(),
      TELEMETRY_WRITER_CONSUMER: 'bench',
      // The frames were received hours ago: nobody is to be declared silent meanwhile.
      TELEMETRY_WRITER_LOST_AFTER_S: '86400',
    },
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  });
  world.undo.push(() => program.stop());
  return program;
}

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Postgres, startPostgres } from './postgres';

/** Set by `jest-global-setup.ts` for the test processes. */
const variable = 'VIW_TEST_POSTGRES';

export interface SharedPostgres {
  stop(): Promise<void>;
}

/**
 * One Postgres for a whole jest run, started when the first spec asks for a database, living in jest's main process.
 * Its address is published as an unguessable URL in the environment.
 */
export async function offerSharedPostgres(): Promise<SharedPostgres> {
  let starting: Promise<Postgres> | undefined;
  const path = `/${randomBytes(16).toString('hex')}`;
  const door = createServer((request, response) => {
    if (request.method !== 'POST' || request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    starting ??= startPostgres();
    starting
      .then((postgres) => createDatabase(postgres))
      .then(
        (url) => response.end(JSON.stringify({ url })),
        (error: unknown) =>
          response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
      );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  process.env[variable] = `http://127.0.0.1:${(door.address() as AddressInfo).port}${path}`;
  return {
    stop: async () => {
      door.close();
      door.closeAllConnections();
      await starting?.then(
        (postgres) => postgres.stop(),
        () => undefined,
      );
    },
  };
}

async function createDatabase(postgres: Postgres): Promise<string> {
  return postgres.createDatabase(`t_${randomBytes(8).toString('hex')}`);
}

/**
 * URL of a new, empty database of the run's shared Postgres, as its superuser. Roles are shared by all databases of a
 * server: create them `IF NOT EXISTS`, or under unique names, or use a `startPostgres` of your own.
 */
export async function uniqueDatabase(): Promise<{ url: string }> {
  const address = process.env[variable];
  if (address === undefined)
    throw new Error('uniqueDatabase works in jest only: jest-global-setup.ts has not run');
  const response = await fetch(address, { method: 'POST', headers: { connection: 'close' } });
  const text = await response.text();
  if (!response.ok) throw new Error(`no test database: ${text}`);
  return JSON.parse(text) as { url: string };
}

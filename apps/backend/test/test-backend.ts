import { randomBytes } from 'node:crypto';
import type { Role, scope as scopeSchema } from '@viw/contracts';
import type { z } from 'zod';
import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { Lifecycle, createLogger } from '@viw/runtime';
import { buildBackend } from '../src/build';
import { completeConfig, configSource } from '../src/config';
import type { Route } from '../src/http/route';
import type { Surroundings } from './surroundings';
import { setupToken } from './surroundings';

export interface TestBackend {
  readonly url: string;
  readonly routes: readonly Route[];
  /** Log lines so far. */
  readonly log: string[];
  /** The first administrator, made when first asked for. */
  readonly admin: { readonly email: string; readonly password: string };
  /** A person, signed in with cookie and CSRF token. */
  signIn(): Promise<Client>;
  /** A new API key of this role, narrowed if told so. */
  key(role: Role, scope?: z.input<typeof scopeSchema>): Promise<string>;
  as(role: Role, scope?: z.input<typeof scopeSchema>): Promise<Client>;
  /** Open event streams. */
  openStreams(): Promise<number>;
  /** Of a metric without labels of its own; NaN when it says nothing. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** The backend as `main.ts` builds it, in this process. */
export async function startBackend(
  around: Surroundings,
  more: { readonly environment?: Readonly<Record<string, string>>; readonly heartbeatMs?: number } = {},
): Promise<TestBackend> {
  const { environment = {}, ...tuning } = more;
  const config = configSource.schema.parse({ ...around.environment, ...environment });
  const log: string[] = [];
  const logger = createLogger(
    { service: 'backend', level: 'debug' },
    { destination: { write: (line: string) => void log.push(line) } },
  );
  const { components, http, routes, metrics } = buildBackend(completeConfig(config), {
    logger,
    version: 'test',
    ...tuning,
  });
  const lifecycle = new Lifecycle({ components }, { logger });
  await lifecycle.start();
  const url = `http://127.0.0.1:${http.address().port}`;
  const admin = { email: 'admin@example.org', password: `right horse ${randomBytes(6).toString('hex')}` };
  const person = createClient({ baseUrl: url, auth: { kind: 'session' } });
  const signedIn = async () => {
    await person.setup({ setup_token: setupToken, ...admin });
    await person.session.signIn(admin);
  };
  let once: Promise<void> | undefined;
  const signIn = async (): Promise<Client> => {
    await (once ??= signedIn());
    return person;
  };
  const key: TestBackend['key'] = async (role, scope) => {
    const client = await signIn();
    const { id } = await client.apiClients.create({
      name: `${role} ${randomBytes(6).toString('hex')}`,
      role,
      scope,
    });
    return (await client.apiClients.createKey(id)).key;
  };
  const metric = async (name: string): Promise<number> =>
    Number(/} (\S+)$/m.exec(await metrics.getSingleMetricAsString(name))?.[1]);
  return {
    url,
    routes,
    log,
    admin,
    signIn,
    key,
    as: async (role, scope) =>
      createClient({ baseUrl: url, auth: { kind: 'apiKey', key: await key(role, scope) } }),
    openStreams: () => metric('viw_backend_event_streams'),
    metric,
    stop: () => lifecycle.stop(),
  };
}

let serial = 0;
export const uniqueAgent = (): string => `gw-${process.pid}-${++serial}`;

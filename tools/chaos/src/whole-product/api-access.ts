import { type Client, createClient } from '@viw/client';
import { eventually } from '@viw/testing';
import type { GatewayHost } from './gateway-host';
import type { Secrets } from './secrets';

export interface ApiAccess {
  /** Straight to the backend, with an API key. */
  readonly client: Client;
  /** With the same key, to another address. */
  readonly through: (baseUrl: string) => Client;
}

/** The first administrator by the one-time setup token, then an API key, as a new installation does. */
export async function createAccess(baseUrl: string, secrets: Secrets): Promise<ApiAccess> {
  const admin = { email: 'admin@chaos.test', password: secrets.adminPassword };
  const person = createClient({ baseUrl, auth: { kind: 'session' } });
  await person.setup({ setup_token: secrets.setupToken, ...admin });
  await person.session.signIn(admin);
  const { id } = await person.apiClients.create({ name: 'chaos', role: 'admin' });
  const { key } = await person.apiClients.createKey(id, {});
  await person.session.signOut();
  const through = (url: string): Client => createClient({ baseUrl: url, auth: { kind: 'apiKey', key } });
  return { client: through(baseUrl), through };
}

/** Registers the gateways, lets them start, and waits until all are connected. */
export async function registerAndAwait(
  client: Client,
  gateways: readonly GatewayHost[],
  start: () => Promise<unknown>,
): Promise<void> {
  for (const { agentId, publicKeys } of gateways)
    await client.gateways.register({ agent_id: agentId, public_keys: publicKeys });
  await start();
  await eventually(
    async () => {
      const { items } = await client.gateways.list({ status: 'connected' });
      if (items.length < gateways.length) throw new Error(`${items.length} of ${gateways.length} connected`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'the gateways' },
  );
}

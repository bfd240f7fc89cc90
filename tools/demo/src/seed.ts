import type { Client } from '@viw/client';
import { createClient } from '@viw/client';
import { type DemoGateway, legacyGateway } from './gateways';
import type { DemoManifest } from './manifest';
import type { DemoSecrets } from './secrets';
import { type WebServers, siteNames } from './servers';

export interface SeededAccess {
  readonly admin: { readonly email: string; readonly password: string };
  readonly apiKey: string;
  /** Authorised by that key. */
  readonly client: Client;
}

const adminEmail = 'admin@demo.test';

/** The first administrator by the one-time setup token, then an API key, as a new installation does. */
export async function createAccess(apiUrl: string, secrets: DemoSecrets): Promise<SeededAccess> {
  const admin = { email: adminEmail, password: secrets.adminPassword };
  const person = createClient({ baseUrl: apiUrl, auth: { kind: 'session' } });
  await person.setup({ setup_token: secrets.setupToken, ...admin });
  await person.session.signIn(admin);
  const apiClient = await person.apiClients.create({ name: 'demo', role: 'admin' });
  const { key } = await person.apiClients.createKey(apiClient.id, {});
  await person.session.signOut();
  return { admin, apiKey: key, client: createClient({ baseUrl: apiUrl, auth: { kind: 'apiKey', key } }) };
}

export async function registerGateways(client: Client, gateways: readonly DemoGateway[]): Promise<void> {
  for (const gateway of gateways) {
    await client.gateways.register({
      agent_id: gateway.agentId,
      display_name: gateway.displayName,
      site: gateway.site,
      labels: { env: 'demo' },
      public_keys: gateway.publicKeys,
    });
  }
  await client.gateways.register({
    agent_id: legacyGateway.agentId,
    display_name: legacyGateway.displayName,
    labels: { env: 'demo', dialect: 'legacy' },
  });
}

/** The demo's NGINX as a managed server: SSH credential, pinned host key, one virtual host. */
export async function registerServer(
  client: Client,
  web: WebServers,
): Promise<DemoManifest['servers'][number]> {
  const { nginx, sshd, sshKey } = web;
  const credential = await client.sshCredentials.create({
    name: 'demo key',
    username: sshd.user,
    private_key: sshKey.privateKey,
  });
  const server = await client.servers.create({
    name: 'demo-nginx',
    host: sshd.host,
    ssh_port: sshd.port,
    ssh_credential_id: credential.id,
    host_key_fingerprint: sshd.hostKeyFingerprint,
    test_command: [...nginx.testCommand],
    reload_command: [...nginx.reloadCommand],
  });
  await client.servers.createVirtualHost(server.id, {
    server_names: [...siteNames],
    cert_dir: nginx.certDir(siteNames[0]),
    listeners: [{ host: '127.0.0.1', port: nginx.httpsPort }],
  });
  return {
    id: server.id,
    name: server.name,
    ssh_port: sshd.port,
    https_port: nginx.httpsPort,
    names: [...siteNames],
  };
}

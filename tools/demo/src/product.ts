import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceLogin, createDatabase } from '@viw/database';
import { eventually } from '@viw/testing';
import {
  type DemoGateway,
  demoGateways,
  launchAgent,
  launchHelper,
  legacyGateway,
  prepareGateway,
} from './gateways';
import { type DemoLayout, freshLayout } from './layout';
import { type DemoManifest, writeManifest } from './manifest';
import type { Progress } from './progress';
import { createAccess, registerGateways, registerServer } from './seed';
import { type DatabaseAccount, type DemoSecrets, databaseAccounts, makeSecrets } from './secrets';
import { type ServiceName, choosePorts, launchService, migrate, serviceNames } from './services';
import { startServers } from './servers';
import { Supervisor } from './supervisor';

/** The whole product, running. */
export interface RunningDemo {
  readonly layout: DemoLayout;
  readonly manifest: () => DemoManifest;
  stop(): Promise<void>;
}

const accountOf: Partial<Record<ServiceName, DatabaseAccount>> = {
  backend: 'backend',
  'telemetry-writer': 'telemetry_writer',
  'results-writer': 'results_writer',
  'cert-worker': 'cert_worker',
  notifier: 'notifier',
};

/** Starts everything in the order in which it depends on each other; when a part fails, what runs already is ended. */
export async function startProduct(dir: string, progress: Progress): Promise<RunningDemo> {
  const layout = await freshLayout(dir);
  const socketDir = await mkdtemp(join(tmpdir(), 'viw-demo-'));
  let manifest: DemoManifest | undefined;
  const supervisor: Supervisor = new Supervisor({
    say: (line) => progress.say(line),
    changed: async () => {
      if (manifest) await writeManifest(layout.manifest, { ...manifest, processes: supervisor.processes() });
    },
  });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await rm(socketDir, { recursive: true, force: true });
    await rm(layout.manifest, { force: true });
    await rm(layout.supervisorPid, { force: true });
  };
  try {
    await writeFile(layout.supervisorPid, String(process.pid), { mode: 0o600 });
    manifest = await build(layout, socketDir, supervisor, progress);
    await writeManifest(layout.manifest, manifest);
    const complete = manifest;
    return { layout, manifest: () => ({ ...complete, processes: supervisor.processes() }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  layout: DemoLayout,
  socketDir: string,
  supervisor: Supervisor,
  progress: Progress,
): Promise<DemoManifest> {
  const secrets = await makeSecrets(layout.root);
  const servers = await startServers(layout, secrets, { supervisor, progress });
  const database = await progress.step('database schema and one account per service', () =>
    prepareDatabase(servers.postgres, layout, secrets),
  );

  const ports = await choosePorts();
  const around = {
    layout,
    secrets,
    ports,
    redisUrl: (service: ServiceName) =>
      `redis://${service}:${secrets.redisPasswords[service]}@127.0.0.1:${servers.redis.port}`,
    databaseUrl: (service: ServiceName) => database.urlOf(service),
    web: servers.web,
  };
  await progress.step('backend, agent-bridge, writers, cert-worker, notifier', async () => {
    const enabled = serviceNames.filter((name) => name !== 'cert-worker' || servers.web);
    for (const name of enabled)
      await supervisor.program(name, layout.log(name), () => launchService(name, around));
  });

  const apiUrl = `http://127.0.0.1:${ports.backend}`;
  const bridgeUrl = `ws://127.0.0.1:${ports.bridge}/agent/ws`;
  const access = await progress.step('first administrator, API key', () => createAccess(apiUrl, secrets));
  const gateways = await progress.step('three gateways: helper keys, registration', async () => {
    const prepared: DemoGateway[] = [];
    for (const gateway of demoGateways)
      prepared.push(await prepareGateway(gateway, { layout, secrets, socketDir }));
    await registerGateways(access.client, prepared);
    return prepared;
  });
  await progress.step('helpers and agents, connected', async () => {
    for (const gateway of gateways) {
      const name = gateway.agentId;
      await supervisor.program(`${name}-helper`, layout.log(`${name}-helper`), () =>
        launchHelper(gateway, layout, secrets),
      );
      await supervisor.program(`${name}-agent`, layout.log(`${name}-agent`), () =>
        launchAgent(gateway, layout, secrets, bridgeUrl),
      );
    }
    await eventually(
      async () => {
        const { items } = await access.client.gateways.list({ status: 'connected' });
        if (items.length < gateways.length)
          throw new Error(`${items.length} of ${gateways.length} gateways connected`);
      },
      { timeoutMs: 60_000, everyMs: 100, what: 'the gateways' },
    );
  });
  const web = servers.web;
  const managed = web
    ? [await progress.step('managed NGINX server', () => registerServer(access.client, web))]
    : [];

  return {
    panel_url: apiUrl,
    api_url: apiUrl,
    bridge_url: bridgeUrl,
    redis_url: servers.redis.url,
    database_url: database.ownerUrl,
    acme_directory: web?.pebble.directoryUrl ?? null,
    admin: access.admin,
    api_key: access.apiKey,
    shared_secret: secrets.sharedSecret,
    gateways: gateways.map((gateway) => ({ agent_id: gateway.agentId, scripts_root: gateway.scriptsRoot })),
    legacy_agent_id: legacyGateway.agentId,
    servers: managed,
    processes: supervisor.processes(),
  };
}

async function prepareDatabase(
  postgres: { createDatabase(name: string): Promise<string> },
  layout: DemoLayout,
  secrets: DemoSecrets,
): Promise<{ ownerUrl: string; urlOf: (service: ServiceName) => string }> {
  const ownerUrl = await postgres.createDatabase('viw');
  await migrate(ownerUrl, layout);
  const db = createDatabase({ url: ownerUrl, max: 1, applicationName: 'demo' });
  try {
    for (const account of databaseAccounts) {
      await createServiceLogin(db, `viw_${account}`, `demo_${account}`, secrets.databasePasswords[account]);
    }
  } finally {
    await db.destroy();
  }
  return {
    ownerUrl,
    urlOf: (service) => {
      const account = accountOf[service];
      if (!account) throw new Error(`${service} has no database account`);
      const url = new URL(ownerUrl);
      url.username = `demo_${account}`;
      url.password = secrets.databasePasswords[account];
      return url.toString();
    },
  };
}

import { type Program, freePort, startProgram } from '@viw/testing';
import { type DemoLayout, bundle, checkout } from './layout';
import { legacyGateway } from './gateways';
import type { DemoSecrets } from './secrets';
import type { WebServers } from './servers';

export interface ServicePorts {
  readonly backend: number;
  readonly bridge: number;
  /** Ops listener of each service. */
  readonly ops: Readonly<Record<ServiceName, number>>;
}

export const serviceNames = [
  'backend',
  'agent-bridge',
  'telemetry-writer',
  'results-writer',
  'cert-worker',
  'notifier',
] as const;
export type ServiceName = (typeof serviceNames)[number];

export async function choosePorts(): Promise<ServicePorts> {
  const ops: Partial<Record<ServiceName, number>> = {};
  for (const name of serviceNames) ops[name] = await freePort();
  return { backend: await freePort(), bridge: await freePort(), ops: ops as Record<ServiceName, number> };
}

export interface ServiceSurroundings {
  readonly layout: DemoLayout;
  readonly secrets: DemoSecrets;
  readonly ports: ServicePorts;
  readonly redisUrl: (service: ServiceName) => string;
  readonly databaseUrl: (service: ServiceName) => string;
  readonly web: WebServers | undefined;
}

/** The environment of each service: what an administrator would write into its `.env` file. Secrets come as files. */
const environments: Record<ServiceName, (around: ServiceSurroundings) => Record<string, string>> = {
  backend: ({ ports, secrets, redisUrl, databaseUrl }) => ({
    BACKEND_ENABLED: 'true',
    BACKEND_BIND: `127.0.0.1:${ports.backend}`,
    BACKEND_OPS_BIND: `127.0.0.1:${ports.ops.backend}`,
    BACKEND_DATABASE_URL: databaseUrl('backend'),
    BACKEND_REDIS_URL: redisUrl('backend'),
    BACKEND_REDIS_STRICT: 'true',
    BACKEND_PANEL_DIR: `${checkout}/apps/admin-panel/dist`,
    BACKEND_COOKIE_SECURE: 'false',
    BACKEND_SETUP_TOKEN_FILE: secrets.files.setupToken,
    BACKEND_ENCRYPTION_KEY_FILE: secrets.files.encryptionKey,
    BACKEND_COMMAND_SIGNING_KEY_FILE: secrets.files.commandSigningKey,
    // The walk through the demo turns the key: the field's value is five minutes.
    BACKEND_COMMAND_KEY_ANNOUNCE_S: '3',
  }),
  'agent-bridge': ({ ports, secrets, redisUrl }) => ({
    AGENT_BRIDGE_ENABLED: 'true',
    AGENT_BRIDGE_BIND: `127.0.0.1:${ports.bridge}`,
    AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${ports.ops['agent-bridge']}`,
    AGENT_BRIDGE_HUB_ID: 'demo-hub-1',
    AGENT_BRIDGE_REDIS_URL: redisUrl('agent-bridge'),
    AGENT_BRIDGE_REDIS_STRICT: 'true',
    AGENT_BRIDGE_SHARED_SECRET_FILE: secrets.files.sharedSecret,
    AGENT_BRIDGE_TRUSTED_KEYS_FILE: secrets.files.trustedCommandKeys,
    AGENT_BRIDGE_LEGACY_AGENTS: `${legacyGateway.agentId}@${legacyGateway.network}`,
    AGENT_BRIDGE_ED25519: 'true',
    AGENT_BRIDGE_ADMIN_TOKEN_FILE: secrets.files.opsToken,
  }),
  'telemetry-writer': ({ ports, redisUrl, databaseUrl }) => ({
    TELEMETRY_WRITER_ENABLED: 'true',
    TELEMETRY_WRITER_OPS_BIND: `127.0.0.1:${ports.ops['telemetry-writer']}`,
    TELEMETRY_WRITER_CONSUMER: 'demo-1',
    TELEMETRY_WRITER_REDIS_URL: redisUrl('telemetry-writer'),
    TELEMETRY_WRITER_REDIS_STRICT: 'true',
    TELEMETRY_WRITER_DATABASE_URL: databaseUrl('telemetry-writer'),
  }),
  'results-writer': ({ ports, redisUrl, databaseUrl }) => ({
    RESULTS_WRITER_ENABLED: 'true',
    RESULTS_WRITER_OPS_BIND: `127.0.0.1:${ports.ops['results-writer']}`,
    RESULTS_WRITER_CONSUMER: 'demo-1',
    RESULTS_WRITER_REDIS_URL: redisUrl('results-writer'),
    RESULTS_WRITER_REDIS_STRICT: 'true',
    RESULTS_WRITER_DATABASE_URL: databaseUrl('results-writer'),
  }),
  'cert-worker': ({ ports, secrets, redisUrl, databaseUrl, web }) => ({
    CERT_WORKER_ENABLED: web ? 'true' : 'false',
    CERT_WORKER_OPS_BIND: `127.0.0.1:${ports.ops['cert-worker']}`,
    CERT_WORKER_CONSUMER: 'demo-1',
    CERT_WORKER_REDIS_URL: redisUrl('cert-worker'),
    CERT_WORKER_REDIS_STRICT: 'true',
    CERT_WORKER_DATABASE_URL: databaseUrl('cert-worker'),
    CERT_WORKER_ENCRYPTION_KEY_FILE: secrets.files.encryptionKey,
    ...(web && {
      CERT_WORKER_ACME_DIRECTORY_URL: web.pebble.directoryUrl,
      CERT_WORKER_ACME_CA_FILE: web.pebble.caCertFile,
      CERT_WORKER_HTTP01_BIND: `127.0.0.1:${web.http01Port}`,
    }),
  }),
  notifier: ({ ports, secrets, redisUrl, databaseUrl }) => ({
    NOTIFIER_ENABLED: 'true',
    NOTIFIER_OPS_BIND: `127.0.0.1:${ports.ops.notifier}`,
    NOTIFIER_CONSUMER: 'demo-1',
    NOTIFIER_REDIS_URL: redisUrl('notifier'),
    NOTIFIER_REDIS_STRICT: 'true',
    NOTIFIER_DATABASE_URL: databaseUrl('notifier'),
    NOTIFIER_ENCRYPTION_KEY_FILE: secrets.files.encryptionKey,
    // Receivers on this machine are what there is in a demo.
    NOTIFIER_PRIVATE_NETWORKS: '127.0.0.0/8',
  }),
};

export function launchService(name: ServiceName, around: ServiceSurroundings): Promise<Program> {
  return startProgram({
    name,
    argv: [process.execPath, bundle(name)],
    cwd: around.layout.root,
    env: environments[name](around),
    logFile: around.layout.log(name),
    readyWhen: { url: `http://127.0.0.1:${around.ports.ops[name]}/internal/readyz` },
  });
}

/** Brings the database schema up to date with the owner's account, as a deployment does before it starts services. */
export async function migrate(databaseUrl: string, layout: DemoLayout): Promise<void> {
  const run = await startProgram({
    name: 'migrations',
    argv: [process.execPath, bundle('backend'), 'migrate'],
    cwd: layout.root,
    env: { BACKEND_MIGRATION_DATABASE_URL: databaseUrl },
    logFile: layout.log('migrations'),
  });
  const { code } = await run.exited;
  if (code !== 0) throw new Error(`the migrations failed (code ${String(code)}):\n${run.output()}`);
}

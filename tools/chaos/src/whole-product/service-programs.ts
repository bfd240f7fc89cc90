import { join } from 'node:path';
import { type ProgramOptions, freePort } from '@viw/testing';
import { serviceBundle } from '../world/service-bundle';
import type { Secrets } from './secrets';

type Environment = Readonly<Record<string, string>>;

export interface ServiceLogs {
  readonly logs: string;
}

async function service(
  app: string,
  { name, prefix, logs }: ServiceLogs & { name: string; prefix: string },
  env: Environment,
): Promise<ProgramOptions> {
  const opsPort = await freePort();
  return {
    name,
    argv: [process.execPath, serviceBundle(app)],
    logFile: join(logs, `${name}.log`),
    env: {
      [`${prefix}_ENABLED`]: 'true',
      [`${prefix}_OPS_BIND`]: `127.0.0.1:${opsPort}`,
      [`${prefix}_REDIS_STRICT`]: 'true',
      ...env,
    },
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  };
}

export interface HubOptions extends ServiceLogs {
  readonly name: string;
  readonly port: number;
  readonly redisUrl: string;
  readonly secrets: Secrets;
}

/** One hub: the same id after every restart. It misses an agent after 4 s of silence, so that this comes to pass. */
export const hubProgram = ({ name, logs, port, redisUrl, secrets }: HubOptions): Promise<ProgramOptions> =>
  service(
    'agent-bridge',
    { name, prefix: 'AGENT_BRIDGE', logs },
    {
      AGENT_BRIDGE_BIND: `127.0.0.1:${port}`,
      AGENT_BRIDGE_HUB_ID: name,
      AGENT_BRIDGE_REDIS_URL: redisUrl,
      AGENT_BRIDGE_SHARED_SECRET: secrets.sharedSecret,
      AGENT_BRIDGE_HEARTBEAT_S: '2',
    },
  );

export interface BackendOptions extends ServiceLogs {
  readonly name: string;
  readonly port: number;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly secrets: Secrets;
}

export const backendProgram = ({
  name,
  logs,
  port,
  redisUrl,
  databaseUrl,
  secrets,
}: BackendOptions): Promise<ProgramOptions> =>
  service(
    'backend',
    { name, prefix: 'BACKEND', logs },
    {
      BACKEND_BIND: `127.0.0.1:${port}`,
      BACKEND_REDIS_URL: redisUrl,
      BACKEND_DATABASE_URL: databaseUrl,
      BACKEND_SETUP_TOKEN: secrets.setupToken,
      BACKEND_ENCRYPTION_KEY: secrets.encryptionKey,
      BACKEND_COMMAND_SIGNING_KEY: JSON.stringify(secrets.signing.privateKey),
    },
  );

export interface WriterOptions extends ServiceLogs {
  readonly app: 'results-writer' | 'telemetry-writer';
  readonly consumer: string;
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

export function writerProgram({
  app,
  consumer,
  logs,
  redisUrl,
  databaseUrl,
}: WriterOptions): Promise<ProgramOptions> {
  const prefix = app === 'results-writer' ? 'RESULTS_WRITER' : 'TELEMETRY_WRITER';
  return service(
    app,
    { name: `${app}-${consumer}`, prefix, logs },
    {
      [`${prefix}_REDIS_URL`]: redisUrl,
      [`${prefix}_DATABASE_URL`]: databaseUrl,
      [`${prefix}_CONSUMER`]: consumer,
    },
  );
}

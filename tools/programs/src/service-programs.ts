import { join } from 'node:path';
import { type ProgramOptions, freePort } from '@viw/testing';
import { bundleOf } from './bundle';
import type { Secrets } from './secrets';

/** What whoever starts a service may decide; the rest is as in production. */
export interface ServiceOptions {
  /** Folder: what the process says is written to a file there. */
  readonly logs?: string | undefined;
  readonly logLevel?: 'warn' | undefined;
  /** Of its ops listener; a free one by default. */
  readonly opsPort?: number | undefined;
  readonly nodeArguments?: readonly string[] | undefined;
}

type Environment = Readonly<Record<string, string>>;

async function service(
  { app, name, prefix }: { readonly app: string; readonly name: string; readonly prefix: string },
  { logs, logLevel, opsPort, nodeArguments = [] }: ServiceOptions,
  env: Environment,
): Promise<ProgramOptions> {
  const ops = `127.0.0.1:${opsPort ?? (await freePort())}`;
  return {
    name,
    argv: [process.execPath, ...nodeArguments, bundleOf(`apps/${app}`)],
    ...(logs !== undefined && { logFile: join(logs, `${name}.log`) }),
    env: {
      [`${prefix}_ENABLED`]: 'true',
      [`${prefix}_OPS_BIND`]: ops,
      [`${prefix}_REDIS_STRICT`]: 'true',
      ...(logLevel !== undefined && { [`${prefix}_LOG_LEVEL`]: logLevel }),
      ...env,
    },
    readyWhen: { url: `http://${ops}/internal/readyz` },
  };
}

/** PEM files. */
export interface HubTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Issuers of client certificates, which name their gateway as `libs/pki` issues them. None: no certificate is asked for. */
  readonly clientCaFile?: string | undefined;
}

export interface HubOptions extends ServiceOptions {
  /** Of the process, and the hub's id: the same after every restart. */
  readonly name: string;
  readonly port: number;
  readonly redisUrl: string;
  readonly sharedSecret: string;
  /** Default: the hub's own; the same for what follows. */
  readonly heartbeatS?: number | undefined;
  readonly maxConnections?: number | undefined;
  /** Default: plain HTTP. */
  readonly tls?: HubTls | undefined;
}

export function hubProgram(options: HubOptions): Promise<ProgramOptions> {
  const { name, port, redisUrl, sharedSecret, heartbeatS, maxConnections, tls } = options;
  return service({ app: 'agent-bridge', name, prefix: 'AGENT_BRIDGE' }, options, {
    AGENT_BRIDGE_BIND: `127.0.0.1:${port}`,
    AGENT_BRIDGE_HUB_ID: name,
    AGENT_BRIDGE_REDIS_URL: redisUrl,
    AGENT_BRIDGE_SHARED_SECRET: sharedSecret,
    ...(heartbeatS !== undefined && { AGENT_BRIDGE_HEARTBEAT_S: String(heartbeatS) }),
    ...(maxConnections !== undefined && { AGENT_BRIDGE_MAX_CONN: String(maxConnections) }),
    ...(tls !== undefined && {
      AGENT_BRIDGE_TLS_CERT_FILE: tls.certFile,
      AGENT_BRIDGE_TLS_KEY_FILE: tls.keyFile,
    }),
    ...(tls?.clientCaFile !== undefined && {
      AGENT_BRIDGE_CA_BUNDLE: tls.clientCaFile,
      AGENT_BRIDGE_CLIENT_DN_POLICY: 'CN={agent_id},O=Viworks',
    }),
  });
}

export interface BackendOptions extends ServiceOptions {
  readonly name: string;
  readonly port: number;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly secrets: Pick<Secrets, 'setupToken' | 'encryptionKey' | 'signing'>;
  /** How long entries stay that every group has acknowledged, seconds. Default: the backend's own. */
  readonly retentionS?: number | undefined;
}

/** Reached by plain HTTP on loopback. */
export function backendProgram(options: BackendOptions): Promise<ProgramOptions> {
  const { name, port, redisUrl, databaseUrl, secrets, retentionS } = options;
  return service({ app: 'backend', name, prefix: 'BACKEND' }, options, {
    BACKEND_BIND: `127.0.0.1:${port}`,
    BACKEND_REDIS_URL: redisUrl,
    // What is measured and shaken here is not how fast one caller may be.
    BACKEND_RATE_ADDRESS_PER_MIN: '0',
    BACKEND_RATE_READ_PER_MIN: '0',
    BACKEND_RATE_WRITE_PER_MIN: '0',
    BACKEND_DATABASE_URL: databaseUrl,
    BACKEND_COOKIE_SECURE: 'false',
    BACKEND_SETUP_TOKEN: secrets.setupToken,
    BACKEND_ENCRYPTION_KEY: secrets.encryptionKey,
    BACKEND_COMMAND_SIGNING_KEY: JSON.stringify(secrets.signing.privateKey),
    ...(retentionS !== undefined && { BACKEND_STREAM_RETENTION_S: String(retentionS) }),
  });
}

export type WriterService = 'results-writer' | 'telemetry-writer';

export interface WriterOptions extends ServiceOptions {
  readonly service: WriterService;
  readonly consumer: string;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** After which silence the telemetry-writer calls a gateway lost, seconds. Default: its own. */
  readonly lostAfterS?: number | undefined;
}

export function writerProgram(options: WriterOptions): Promise<ProgramOptions> {
  const { service: app, consumer, redisUrl, databaseUrl, lostAfterS } = options;
  const prefix = app === 'results-writer' ? 'RESULTS_WRITER' : 'TELEMETRY_WRITER';
  return service({ app, name: `${app}-${consumer}`, prefix }, options, {
    [`${prefix}_REDIS_URL`]: redisUrl,
    [`${prefix}_DATABASE_URL`]: databaseUrl,
    [`${prefix}_CONSUMER`]: consumer,
    ...(lostAfterS !== undefined && { [`${prefix}_LOST_AFTER_S`]: String(lostAfterS) }),
  });
}

export interface CertWorkerOptions extends ServiceOptions {
  readonly consumer: string;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** The backend's. */
  readonly encryptionKey: string;
  /** Operations at the same time. */
  readonly concurrency: number;
  readonly acmeDirectoryUrl: string;
  /** PEM of the root of the directory's own HTTPS. */
  readonly acmeCaPem?: string | undefined;
  /** Where its responder listens; a free one by default. */
  readonly http01Port?: number | undefined;
  /** Makes DNS-01 possible: the one name server of the zones, `address:port`, and the key that may update them. */
  readonly dns?: { readonly server: string; readonly tsigKey: string } | undefined;
  /** How long the operations of a worker that died wait for another, seconds. Default: its own; the same for what follows. */
  readonly leaseS?: number | undefined;
  readonly proofTimeoutMs?: number | undefined;
  readonly scheduleEveryMs?: number | undefined;
}

export function certWorkerProgram(options: CertWorkerOptions): Promise<ProgramOptions> {
  const { consumer, redisUrl, databaseUrl, encryptionKey, concurrency, acmeDirectoryUrl } = options;
  const { acmeCaPem, http01Port = 0, dns, leaseS, proofTimeoutMs, scheduleEveryMs } = options;
  return service({ app: 'cert-worker', name: `cert-worker-${consumer}`, prefix: 'CERT_WORKER' }, options, {
    CERT_WORKER_REDIS_URL: redisUrl,
    CERT_WORKER_DATABASE_URL: databaseUrl,
    CERT_WORKER_CONSUMER: consumer,
    CERT_WORKER_ENCRYPTION_KEY: encryptionKey,
    CERT_WORKER_CONCURRENCY: String(concurrency),
    CERT_WORKER_ACME_DIRECTORY_URL: acmeDirectoryUrl,
    CERT_WORKER_HTTP01_BIND: `127.0.0.1:${http01Port}`,
    ...(acmeCaPem !== undefined && { CERT_WORKER_ACME_CA: acmeCaPem }),
    ...(leaseS !== undefined && { CERT_WORKER_LEASE_S: String(leaseS) }),
    ...(proofTimeoutMs !== undefined && { CERT_WORKER_PROOF_TIMEOUT_MS: String(proofTimeoutMs) }),
    ...(scheduleEveryMs !== undefined && { CERT_WORKER_SCHEDULE_EVERY_MS: String(scheduleEveryMs) }),
    ...(dns !== undefined && {
      CERT_WORKER_RFC2136_SERVER: dns.server,
      CERT_WORKER_RFC2136_KEY: dns.tsigKey,
      CERT_WORKER_DNS_RESOLVERS: dns.server,
      CERT_WORKER_DNS_AUTHORITY_PORT: dns.server.replace(/.*:/, ''),
    }),
  });
}

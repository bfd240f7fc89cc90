import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Operation, OperationKind } from '@viw/contracts';
import { certRequestsStream, streams } from '@viw/contracts';
import {
  CertificateRepository,
  OperationRepository,
  ServerRepository,
  SshCredentialRepository,
  VirtualHostRepository,
  createDatabase,
  migrate,
} from '@viw/database';
import type { NewServer } from '@viw/database';
import { Lifecycle, createLogger, loadConfig, uuidv7 } from '@viw/runtime';
import { SecretBox, generateKek, sealSshCredential } from '@viw/secrets';
import { normalizeFingerprint } from '@viw/ssh-deploy';
import { StreamProducer, createRedis, decodeEntry, waitUntilReady } from '@viw/streams';
import {
  eventually,
  freePort,
  generateSshKeyPair,
  servedCertificate,
  startNginx,
  startPebble,
  startRedis,
  startSshd,
  uniqueDatabase,
  type PebbleOptions,
} from '@viw/testing';
import { certEventsStream } from '@viw/contracts';
import type { CertEventsBody } from '@viw/contracts';
import { buildCertWorker } from '../src/build';
import { completeConfig, configSource } from '../src/config';
import { ChallengeGate } from './challenge-gate';
import { workerAccount } from './worker-account';

export type Rig = Awaited<ReturnType<typeof startRig>>;

/** Redis, Postgres with accounts of their own, a CA that validates, and one managed server with a site per test. */
export async function startRig(sites: readonly string[], ca: Pick<PebbleOptions, 'dnsResolver'> = {}) {
  const passphrase = `canary-${randomBytes(12).toString('hex')}`;
  const kek = generateKek();
  const http01Port = await freePort();
  const validationPort = await freePort();
  const gate = new ChallengeGate(http01Port);
  await gate.start(validationPort);
  const key = await generateSshKeyPair({ passphrase });
  const [redisServer, pebble, sshd, nginx, owner] = await Promise.all([
    startRedis(),
    startPebble({ httpPort: validationPort, ...ca }),
    startSshd({ authorizedKeys: [key.publicKey] }),
    startNginx({ sites: sites.map((site) => ({ names: [site] })) }),
    uniqueDatabase(),
  ]);
  // A test may hold a lock for as long as it takes.
  const db = createDatabase({ url: owner.url, applicationName: 'test', idleInTransactionMs: 120_000 });
  await migrate(db);
  const databaseUrl = await workerAccount(db, owner.url);
  const redis = createRedis(redisServer.url, { role: 'command', name: 'test' });
  await waitUntilReady(redis);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const producer = new StreamProducer({}, { redis, logger });
  producer.start();

  const credentialId = uuidv7();
  await new SshCredentialRepository({ db }).create({
    id: credentialId,
    name: 'deploy',
    username: sshd.user,
    sealed: sealSshCredential(new SecretBox({ keys: [kek] }), credentialId, {
      privateKey: key.privateKey,
      passphrase,
    }),
  });
  const operations = new OperationRepository({ db });
  const certificates = new CertificateRepository({ db });
  const virtualHosts = new VirtualHostRepository({ db });
  const logs: string[] = [];

  const environment = (more: Record<string, string> = {}): Record<string, string> => ({
    CERT_WORKER_ENABLED: 'true',
    CERT_WORKER_OPS_BIND: '127.0.0.1:0',
    CERT_WORKER_CONSUMER: 'worker-1',
    CERT_WORKER_REDIS_URL: redisServer.url,
    CERT_WORKER_DATABASE_URL: databaseUrl,
    CERT_WORKER_ENCRYPTION_KEY: JSON.stringify({ id: kek.id, key: kek.key.toString('base64') }),
    CERT_WORKER_ACME_DIRECTORY_URL: pebble.directoryUrl,
    CERT_WORKER_ACME_CA: pebble.caCertPem,
    CERT_WORKER_ACME_CONTACT: 'mailto:ops@viw.example',
    CERT_WORKER_HTTP01_BIND: `127.0.0.1:${http01Port}`,
    CERT_WORKER_PROOF_TIMEOUT_MS: '3000',
    CERT_WORKER_LOG_LEVEL: 'debug',
    ...more,
  });

  const ordered = (certificateId: string, kind: OperationKind, parameters: Record<string, unknown> = {}) =>
    operations.create({
      certificate_id: certificateId,
      kind,
      parameters,
      issued_by: { kind: 'system', id: 'test', name: 'test' },
    });
  const published = (certificateId: string, kind: OperationKind, id: string) =>
    producer.publish(certRequestsStream, { operation_id: id, certificate_id: certificateId, kind });

  return {
    gate,
    redisServer,
    redis,
    producer,
    pebble,
    nginx,
    sshd,
    db,
    logs,
    secrets: [passphrase, key.privateKey.split('\n')[2] ?? ''],
    credentialId,
    environment,
    /** A worker in this process; its log lines are kept in `logs`. */
    startWorker: async (more: Record<string, string> = {}) => {
      const { value } = loadConfig({ ...configSource, env: environment(more), argv: [] });
      const destination = new Writable({
        write: (piece: Buffer, _encoding, done) => {
          logs.push(piece.toString());
          done();
        },
      });
      const workerLogger = createLogger({ service: 'cert-worker', level: 'debug' }, { destination });
      const components = buildCertWorker(completeConfig(value), { logger: workerLogger });
      const life = new Lifecycle({ components }, { logger: workerLogger });
      await life.start();
      return { stop: () => life.stop() };
    },
    /** A server and on it the virtual host of `site`. */
    virtualHost: async (site: string, more: Partial<NewServer> = {}) => {
      const server = await new ServerRepository({ db }).create({
        name: `server of ${site} ${randomBytes(3).toString('hex')}`,
        host: sshd.host,
        ssh_port: sshd.port,
        ssh_credential_id: credentialId,
        host_key_fingerprint: sshd.hostKeyFingerprint,
        test_command: [...nginx.testCommand],
        reload_command: [...nginx.reloadCommand],
        ...more,
      });
      return virtualHosts.create(server.id, {
        server_names: [site],
        cert_dir: nginx.certDir(site),
        listeners: [{ host: '127.0.0.1', port: nginx.httpsPort }],
      });
    },
    certificate: async (
      names: readonly string[],
      deployTo: readonly string[] = [],
      challenge = 'http-01',
    ) => {
      const id = await certificates.create({
        names,
        issuer: 'acme',
        challenge,
        key_type: 'ec-p256',
        created_by: 'test',
      });
      await virtualHosts.assignCertificate(deployTo, id);
      return id;
    },
    /** As the backend and its relay would; `times` the relay published it. */
    request: async (
      certificateId: string,
      kind: OperationKind,
      times = 1,
      parameters: Record<string, unknown> = {},
    ) => {
      const id = await ordered(certificateId, kind, parameters);
      for (let time = 0; time < times; time++) await published(certificateId, kind, id);
      return id;
    },
    /** All are asked for before a worker hears of one. */
    requestTogether: async (certificateId: string, kinds: readonly OperationKind[]) => {
      const asked: { kind: OperationKind; id: string }[] = [];
      for (const kind of kinds) asked.push({ kind, id: await ordered(certificateId, kind) });
      for (const { kind, id } of asked) await published(certificateId, kind, id);
      return asked.map(({ id }) => id);
    },
    operation: (id: string) => operations.get(id),
    ended: (id: string, timeoutMs = 60_000): Promise<Operation> =>
      eventually(
        async () => {
          const operation = await operations.get(id);
          if (operation?.status !== 'succeeded' && operation?.status !== 'failed')
            throw new Error(`${operation?.status}: ${stepLines(operation).join(', ')}`);
          return operation;
        },
        { timeoutMs, what: 'the end of the operation' },
      ),
    certificateOf: async (id: string) => {
      const found = await certificates.get(id);
      if (!found) throw new Error('no such certificate');
      return found;
    },
    /** Events of one operation, in their order. */
    events: async (operationId: string): Promise<CertEventsBody[]> => {
      const entries = await redis.xrange(streams.certEvents, '-', '+');
      return entries
        .map(([, fields]) => decodeEntry(certEventsStream, fields).body)
        .filter((body) => body.operation_id === operationId);
    },
    served: async (site: string) =>
      normalizeFingerprint(
        (await servedCertificate({ port: nginx.httpsPort, servername: site, timeoutMs: 30_000 }))
          .fingerprint256,
      ),
    stop: async () => {
      await producer.stop();
      redis.disconnect();
      await db.destroy();
      await gate.stop();
      await Promise.all([redisServer.stop(), pebble.stop(), sshd.stop(), nginx.stop()]);
    },
  };
}

/** `step status` of all reports but the beginnings. */
export const stepLines = (operation: Pick<Operation, 'steps'> | undefined): string[] =>
  (operation?.steps ?? [])
    .filter(({ status }) => status !== 'started')
    .map(({ step, status }) => `${step} ${status}`);

import { Http01Responder, TlsAlpn01Responder } from '@viw/acme';
import { certRequestsStream, groups } from '@viw/contracts';
import { createDatabase, pingDatabase } from '@viw/database';
import { OpsServer, PeriodicTask, createMetrics } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { SecretBox } from '@viw/secrets';
import { SshPool } from '@viw/ssh-deploy';
import {
  ChangeAnnouncer,
  StreamConsumer,
  StreamProducer,
  consumersReady,
  createRedis,
  redisComponent,
  redisSettingsCheck,
} from '@viw/streams';
import type { CompleteConfig } from './config';
import { Deployment } from './deploy/deployment';
import { ServerProbes } from './deploy/server-probes';
import { ServedWatch } from './deploy/served-watch';
import { SnippetJobs } from './deploy/snippet-jobs';
import { CertRequestHandler } from './requests/cert-request-handler';
import { AcmeAccount } from './issue/acme-account';
import type { AcmeAccountOptions } from './issue/acme-account';
import { Issuance } from './issue/issuance';
import { OperationRunner } from './operation/operation-runner';
import { operationKinds } from './operation/operation-kinds';
import { responderComponent } from './issue/responder-component';
import { OrderBudget, limitsOf } from './issue/order-budget';
import { Rehearsal, stagingOf } from './issue/rehearsal';
import { Revocation } from './issue/revocation';
import { solversOf } from './issue/solvers';
import { repositoriesOf } from './repositories';
import { CertificateAlerts } from './schedule/certificate-alerts';
import { CertificateGauges } from './schedule/certificate-gauges';
import { CertificateScheduler } from './schedule/certificate-scheduler';
import { VersionPlanner } from './schedule/version-planner';
import { WorkerMetrics } from './worker-metrics';

/**
 * The group's reader. Entries are taken only from workers whose liveness key is gone, so a short idle time robs nobody
 * and another worker goes on soon after one has left.
 */
const READER = { batchSize: 1, blockMs: 1_000, minIdleMs: 1_000, livenessTtlMs: 15_000, claimEveryMs: 2_000 };

/** Pieces of work on servers at once. Each deployment among them holds up to two connections to Postgres for its locks. */
const SERVERS_AT_ONCE = 16;

/** How soon a server is looked at that somebody has asked about, milliseconds. */
const PROBES_EVERY_MS = 1_000;

/** Components in the order in which they start. */
export function buildCertWorker(config: CompleteConfig, { logger }: { logger: Logger }): Component[] {
  const redisUrl = config.CERT_WORKER_REDIS_URL;
  const databaseUrl = config.CERT_WORKER_DATABASE_URL;
  const consumer = config.CERT_WORKER_CONSUMER;
  const metrics = createMetrics('cert-worker');
  const counts = new WorkerMetrics(metrics);
  const box = new SecretBox({ keys: config.CERT_WORKER_ENCRYPTION_KEY });

  const redis = createRedis(redisUrl, { role: 'command', name: `cert-worker:${consumer}` }, { logger });
  const db = createDatabase(
    { url: databaseUrl, applicationName: 'cert-worker' },
    {
      onConnectionError: (error) =>
        logger.warn({ event: 'postgres_connection_lost', error }, 'connection lost'),
    },
  );
  const store = repositoriesOf(db);
  const producer = new StreamProducer({}, { redis, logger, metrics });
  const changes = new ChangeAnnouncer({ producer, logger });

  const responder = new Http01Responder(
    { bind: config.CERT_WORKER_HTTP01_BIND },
    { shared: store.http01Answers },
  );
  const tlsBind = config.CERT_WORKER_TLSALPN01_BIND;
  const tlsAlpn01 = tlsBind && new TlsAlpn01Responder({ bind: tlsBind }, { shared: store.tlsAlpn01Answers });
  const { CERT_WORKER_ACME_EAB_KID: kid, CERT_WORKER_ACME_EAB_KEY: hmacKey } = config;
  const accountAt = (directoryUrl: string, eab?: AcmeAccountOptions['eab']) =>
    new AcmeAccount(
      {
        directoryUrl,
        directoryCaPem: config.CERT_WORKER_ACME_CA,
        contact: config.CERT_WORKER_ACME_CONTACT,
        termsOfServiceAgreed: config.CERT_WORKER_ACME_TERMS_AGREED,
        eab,
      },
      { accounts: store.accounts, box },
    );
  const directoryUrl = config.CERT_WORKER_ACME_DIRECTORY_URL;
  const account = accountAt(
    directoryUrl,
    kid === undefined || hmacKey === undefined ? undefined : { kid, hmacKey },
  );
  const stagingUrl = config.CERT_WORKER_ACME_STAGING_URL ?? stagingOf(directoryUrl);
  const staging = stagingUrl === undefined ? undefined : accountAt(stagingUrl);
  const limits = limitsOf(directoryUrl);
  const budget = new OrderBudget({ limits }, { issuances: store.issuances });
  const solvers = solversOf(config, { http01: responder, tlsAlpn01 });
  const issuance = new Issuance(
    {
      profile: config.CERT_WORKER_ACME_PROFILE,
      preferredChain: config.CERT_WORKER_ACME_PREFERRED_CHAIN,
    },
    {
      account,
      solvers,
      budget,
      rehearsal: staging && new Rehearsal({ account: staging }),
      box,
      metrics: counts,
      store,
    },
  );
  const pool = new SshPool({ total: SERVERS_AT_ONCE });
  const access = { pool, box, agentSocket: config.CERT_WORKER_SSH_AGENT_SOCKET };
  const deployment = new Deployment(
    { databaseUrl, proofTimeoutMs: config.CERT_WORKER_PROOF_TIMEOUT_MS },
    { ...store, ...access, metrics: counts, logger },
  );
  const snippets = new SnippetJobs(
    { databaseUrl, proofTimeoutMs: config.CERT_WORKER_PROOF_TIMEOUT_MS },
    { ...store, ...access, producer, changes, logger },
  );
  const revocation = new Revocation({ account, issuance, deployment, revocations: store.revocations });
  const runner = new OperationRunner(
    { consumer },
    {
      ...store,
      perform: operationKinds({ issuance, deployment, revocation }),
      journal: { producer, changes },
      metrics: counts,
      logger,
    },
  );
  const work: CertRequestHandler = new CertRequestHandler(
    { concurrency: config.CERT_WORKER_CONCURRENCY },
    {
      runner,
      acknowledge: (ids) => requests.acknowledge(ids),
      redeliver: (ids) => requests.redeliver(ids),
      logger,
    },
  );
  const requests = new StreamConsumer(
    { contract: certRequestsStream, group: groups.certWorker, consumer, ...READER },
    { redisUrl, handler: work.handler, logger, metrics },
  );
  new CertificateGauges({ schedule: store.schedule, metrics, logger });
  const scheduler = new CertificateScheduler(
    {
      databaseUrl,
      everyMs: config.CERT_WORKER_SCHEDULE_EVERY_MS,
      ordersPerTenMinutes: config.CERT_WORKER_ORDERS_PER_TEN_MINUTES,
    },
    {
      schedule: store.schedule,
      planner: new VersionPlanner({
        renewalInformation: async () => (await account.issuer()).renewalInformation,
        logger,
      }),
      alerts: new CertificateAlerts({ alerts: store.alerts, producer }),
      changes,
      logger,
    },
  );
  return [
    new OpsServer(
      { service: 'cert-worker', bind: config.CERT_WORKER_OPS_BIND, token: config.CERT_WORKER_OPS_TOKEN },
      {
        metrics,
        logger,
        checks: {
          redis: async () => void (await redis.ping()),
          postgres: () => pingDatabase(db),
          consumers: () => consumersReady([requests]),
        },
      },
    ),
    redisComponent(redis),
    redisSettingsCheck(redis, { strict: config.CERT_WORKER_REDIS_STRICT }, { logger }),
    { name: 'postgres', start: () => undefined, stop: () => db.destroy() },
    producer,
    account,
    { name: 'ssh-pool', start: () => undefined, stop: () => pool.stop() },
    new PeriodicTask(
      { name: 'server-probes', everyMs: PROBES_EVERY_MS, failureEvent: 'server_probes_failed' },
      {
        run: (signal) => new ServerProbes({ ...store, ...access, changes }).runAll(signal),
        logger,
      },
    ),
    new PeriodicTask(
      { name: 'snippet-jobs', everyMs: PROBES_EVERY_MS, failureEvent: 'snippet_jobs_failed' },
      { run: (signal) => snippets.runAll(signal), logger },
    ),
    new ServedWatch(
      { databaseUrl, everyS: config.CERT_WORKER_SERVED_CHECK_EVERY_S },
      { ...store, ...access, producer, changes, metrics: counts, logger },
    ),
    ...(staging ? [staging] : []),
    responderComponent(responder, { bind: config.CERT_WORKER_HTTP01_BIND, logger }),
    ...(tlsAlpn01 && tlsBind ? [responderComponent(tlsAlpn01, { bind: tlsBind, logger })] : []),
    requests,
    work,
    scheduler,
  ];
}

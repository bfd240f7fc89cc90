import { Http01Responder, TlsAlpn01Responder } from '@viw/acme';
import { advisoryLocks, certRequestsStream, groups } from '@viw/contracts';
import { ElectedTask, LockSessions, createDatabase, pingDatabase } from '@viw/database';
import { OpsServer, PeriodicTask, createMetrics } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { SecretBox } from '@viw/secrets';
import { SshPool } from '@viw/ssh-deploy';
import {
  ChangeAnnouncer,
  Presence,
  StreamConsumer,
  StreamProducer,
  consumersReady,
  createRedis,
  redisComponent,
  redisSettingsCheck,
} from '@viw/streams';
import { version } from '../package.json';
import { buildIssuers } from './build-issuers';
import { certificateHistory, historyDaysOf } from './certificate-history';
import type { CompleteConfig } from './config';
import { Deployment } from './deploy/deployment';
import { Rollback } from './deploy/rollback';
import { ServerProbes } from './deploy/server-probes';
import { ServedWatch } from './deploy/served-watch';
import { SnippetJobs } from './deploy/snippet-jobs';
import { CertRequestHandler } from './requests/cert-request-handler';
import { environmentAccounts } from './issue/environment-accounts';
import { Issuance } from './issue/issuance';
import { OperationRunner } from './operation/operation-runner';
import { operationKinds } from './operation/operation-kinds';
import { responderComponent } from './issue/responder-component';
import { Revocation } from './issue/revocation';
import { DnsSolvers } from './issue/dns/dns-solvers';
import { ManualWatch } from './issue/dns/manual-watch';
import { ServerHttp01 } from './issue/server-http01';
import { authoritiesOf, solversOf } from './issue/solvers';
import { outboundGuards } from './outbound-guards';
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
const READER = { batchSize: 1, blockMs: 1_000, minIdleMs: 1_000, claimEveryMs: 2_000 };

/** Pieces of work on servers at once. Each deployment among them holds up to two connections to Postgres for its locks. */
const SERVERS_AT_ONCE = 16;

/** What a worker that stands still has locked is free before its lease is over: whoever takes its operation waits for nothing else. */
const idleInTransactionMs = (leaseSeconds: number): number => Math.min(10_000, leaseSeconds * 500);

/** How soon a server is looked at that somebody has asked about, milliseconds. */
const PROBES_EVERY_MS = 1_000;
/** How soon it is noticed that a virtual host is due to be looked at, milliseconds. */
const SERVED_WATCH_EVERY_MS = 60_000;

/** How often it is looked for files of validations that a worker that died has left, milliseconds. */
const LEFT_OVERS_EVERY_MS = 5_000;

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
    {
      url: databaseUrl,
      applicationName: 'cert-worker',
      idleInTransactionMs: idleInTransactionMs(config.CERT_WORKER_LEASE_S),
    },
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
  const accounts = environmentAccounts(config, { accounts: store.accounts, box });
  const guards = outboundGuards(config);
  const authorities = authoritiesOf(config, guards.dnsProviders);
  const solvers = solversOf(config, authorities, { http01: responder, tlsAlpn01 });
  const dns = new DnsSolvers(
    {
      propagationMs: config.CERT_WORKER_DNS_PROPAGATION_MS,
      guard: guards.dnsProviders,
    },
    {
      providers: store.dnsProviders,
      records: store.manualRecords,
      authorities,
      box,
      fallback: solvers['dns-01'],
    },
  );
  const pool = new SshPool({ total: SERVERS_AT_ONCE });
  const locks = new LockSessions({ url: databaseUrl, applicationName: 'cert-worker-lock' });
  const access = { pool, box, agentSocket: config.CERT_WORKER_SSH_AGENT_SOCKET };
  const serverHttp01 = new ServerHttp01({ ...store, ...access });
  const { issuers, components: issuerComponents } = buildIssuers(
    {
      environment: accounts.main,
      directoryUrl: config.CERT_WORKER_ACME_DIRECTORY_URL,
      staging: accounts.staging,
      stagingAt: accounts.stagingAt,
      profile: config.CERT_WORKER_ACME_PROFILE,
      preferredChain: config.CERT_WORKER_ACME_PREFERRED_CHAIN,
      privateCaDays: config.CERT_WORKER_PRIVATE_CA_DAYS,
      accountGuard: guards.acmeAccounts,
    },
    { store, box, logger },
  );
  const issuance = new Issuance({ issuers, solvers, dns, serverHttp01, box, metrics: counts, store });
  const deployment = new Deployment(
    { proofTimeoutMs: config.CERT_WORKER_PROOF_TIMEOUT_MS },
    { ...store, ...access, locks, metrics: counts, logger },
  );
  const snippets = new SnippetJobs(
    { proofTimeoutMs: config.CERT_WORKER_PROOF_TIMEOUT_MS },
    { ...store, ...access, locks, producer, changes, logger },
  );
  const revocation = new Revocation({ issuers, issuance, deployment, revocations: store.revocations });
  const rollback = new Rollback({ deployment, returns: store.returns });
  const leaseSeconds = config.CERT_WORKER_LEASE_S;
  const runner = new OperationRunner(
    { consumer, leaseSeconds },
    {
      ...store,
      perform: operationKinds({ issuance, deployment, revocation, rollback }),
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
    {
      contract: certRequestsStream,
      group: groups.certWorker,
      consumer,
      ...READER,
      livenessTtlMs: leaseSeconds * 1_000,
    },
    { redisUrl, handler: work.handler, logger, metrics },
  );
  new CertificateGauges({ schedule: store.schedule, metrics, logger });
  const scheduler = new CertificateScheduler(
    {
      ordersPerTenMinutes: config.CERT_WORKER_ORDERS_PER_TEN_MINUTES,
    },
    {
      schedule: store.schedule,
      planner: new VersionPlanner({
        renewalInformation: async (name) => (await issuers.of(name)).issuer.renewalInformation,
        logger,
      }),
      alerts: new CertificateAlerts({ alerts: store.alerts, producer }),
      metrics: counts,
      changes,
      logger,
    },
  );
  const servedWatch = new ServedWatch(
    { everyS: config.CERT_WORKER_SERVED_CHECK_EVERY_S },
    { ...store, ...access, producer, changes, metrics: counts, logger },
  );
  const elected = { databaseUrl, applicationName: 'cert-worker' };
  const scheduleEveryMs = config.CERT_WORKER_SCHEDULE_EVERY_MS;
  return [
    new OpsServer(
      {
        service: 'cert-worker',
        version,
        bind: config.CERT_WORKER_OPS_BIND,
        token: config.CERT_WORKER_OPS_TOKEN,
      },
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
    new Presence({ service: 'cert-worker', version }, { redis, logger }),
    { name: 'postgres', start: () => undefined, stop: () => db.destroy() },
    producer,
    accounts.main,
    { name: 'ssh-pool', start: () => undefined, stop: () => pool.stop() },
    { name: 'lock-sessions', start: () => undefined, stop: () => locks.stop() },
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
    new PeriodicTask(
      {
        name: 'manual-records',
        everyMs: config.CERT_WORKER_DNS_MANUAL_EVERY_MS,
        failureEvent: 'manual_records_failed',
      },
      { run: () => new ManualWatch({ records: store.manualRecords, authorities, changes }).run(), logger },
    ),
    new PeriodicTask(
      { name: 'challenge-files', everyMs: LEFT_OVERS_EVERY_MS, failureEvent: 'challenge_files_left' },
      { run: (signal) => serverHttp01.removeLeftOvers(signal), logger },
    ),
    new ElectedTask(
      {
        ...elected,
        name: 'served-watch',
        key: advisoryLocks.servedWatch,
        everyMs: SERVED_WATCH_EVERY_MS,
        standbyMs: 10_000,
        backoff: { baseMs: 1_000, capMs: 60_000 },
        failureEvent: 'served_watch_failed',
      },
      { run: (end) => servedWatch.turn(end), logger },
    ),
    ...(accounts.staging ? [accounts.staging] : []),
    ...issuerComponents,
    responderComponent(responder, { bind: config.CERT_WORKER_HTTP01_BIND, logger }),
    ...(tlsAlpn01 && tlsBind ? [responderComponent(tlsAlpn01, { bind: tlsBind, logger })] : []),
    requests,
    work,
    new ElectedTask(
      {
        ...elected,
        name: 'certificate-scheduler',
        key: advisoryLocks.certificateScheduler,
        everyMs: scheduleEveryMs,
        standbyMs: Math.min(5_000, scheduleEveryMs),
        backoff: { baseMs: 500, capMs: 30_000 },
        failureEvent: 'scheduler_failed',
      },
      { run: (end) => scheduler.turn(end), logger },
    ),
    certificateHistory({ databaseUrl, ...historyDaysOf(config) }, { db, metrics, logger }),
  ];
}

import { hkdfSync } from 'node:crypto';
import { createDatabase, pingDatabase } from '@viw/database';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { OpsServer, createMetrics } from '@viw/runtime';
import { SecretBox } from '@viw/secrets';
import {
  ChangeAnnouncer,
  DeadLetterStore,
  Presence,
  StreamJanitor,
  StreamProducer,
  closeRedis,
  createRedis,
  redisSettingsCheck,
} from '@viw/streams';
import { AccessTokens } from './auth/access-tokens';
import { AddressLimiter } from './auth/address-limiter';
import { Authenticator } from './auth/authenticator';
import { Passwords } from './auth/passwords';
import { TokenKeyring } from './auth/token-keyring';
import { buildAudit } from './build-audit';
import { buildEdge } from './build-edge';
import { certificateServices } from './build-certificates';
import { electedJobs, keyTasks } from './build-jobs';
import { buildOidcSignIn } from './build-oidc';
import { buildPrivateCa } from './build-private-ca';
import type { CompleteConfig } from './config';
import { deadLetterGauge } from './dead-letters/gauge';
import { EventBroadcast } from './events/event-broadcast';
import { apiRouter } from './http/api-router';
import { createApp } from './http/app';
import { HttpServer } from './http/http-server';
import type { Route } from './http/route';
import { OutboxRelay } from './outbox/relay';
import { ScopeGuard } from './policy/scope-guard';
import { panelRouter } from './panel/panel-router';
import { Reconciler } from './reconciler/reconciler';
import { UnreadReports } from './reconciler/unread-reports';
import { allRoutes } from './routes';
import { SnapshotPublisher } from './registry/snapshot-publisher';
import { SnapshotStore } from './registry/snapshot-store';
import { AdministratorService } from './services/administrator-service';
import { AlertService } from './services/alert-service';
import { ApiClientService } from './services/api-client-service';
import { ApprovalService } from './services/approval-service';
import { AuditService } from './services/audit-service';
import { AuditTrail } from './services/audit-trail';
import { CommandKeyService } from './services/command-key-service';
import { CommandService } from './services/command-service';
import { DeadLetterService } from './services/dead-letter-service';
import { EnrollmentService } from './services/enrollment-service';
import { FreezeService } from './services/freeze-service';
import { GatewayService } from './services/gateway-service';
import { NotificationChannelService } from './services/notification-channel-service';
import { SecondFactorService } from './services/second-factor-service';
import { SecretResultService } from './services/secret-result-service';
import { KeyRenewalService } from './services/key-renewal-service';
import { SignInService } from './services/sign-in-service';
import { SystemService } from './services/system-service';
import { TokenKeyService } from './services/token-key-service';
import { VerbPolicyService } from './services/verb-policy-service';
import { IdempotentWrites } from './services/idempotent-writes';
import { Store } from './store';
import { CommandKeyring } from './trust/command-keyring';
import { HostPolicyIssuer } from './trust/host-policy-issuer';
import { KeyRotation } from './trust/key-rotation';

/** An hour unused, or half a day after sign-in. Seconds. */
const sessionLife = { idleS: 3_600, absoluteS: 12 * 3_600 } as const;

export interface BackendDeps {
  readonly logger: Logger;
  readonly version: string;
  /** Of event streams; also how often their credential is looked at. */
  readonly heartbeatMs?: number;
}

export interface Backend {
  /** In the order in which they start; they need neither Redis nor Postgres for that. */
  readonly components: readonly Component[];
  readonly http: HttpServer;
  readonly routes: readonly Route[];
  readonly metrics: Metrics;
}

/** Relay, reconciler, registry snapshots, audit sealer and retention, command keys, authorities and revocation lists: one statement each at a time, and one to spare. */
const JOB_CONNECTIONS = 10;
/** Of enrolments and key renewals that fail, per address: nobody can guess, and everybody may try. */
const agentLimit = { burst: 20, everyMs: 3_000 } as const;

export function buildBackend(config: CompleteConfig, deps: BackendDeps): Backend {
  const { logger, version, heartbeatMs = 15_000 } = deps;
  const { BACKEND_DATABASE_URL: databaseUrl, BACKEND_REDIS_URL: redisUrl } = config;
  const secure = config.BACKEND_COOKIE_SECURE;
  const cookies = { secure };
  const metrics = createMetrics('backend');

  const redis = createRedis(redisUrl, { role: 'command', name: 'backend' }, { logger });
  const onConnectionError = (error: Error): void =>
    logger.warn({ event: 'postgres_connection_lost', error }, 'connection lost');
  const db = createDatabase({ url: databaseUrl, applicationName: 'backend' }, { onConnectionError });
  const store = new Store({ db });
  const { repositories } = store;
  // Connections of their own for what runs by itself: a storm of requests must not keep accepted ones from going out.
  const jobsDb = createDatabase(
    { url: databaseUrl, applicationName: 'backend-jobs', max: JOB_CONNECTIONS },
    { onConnectionError },
  );
  const jobs = new Store({ db: jobsDb });
  const producer = new StreamProducer({}, { redis, logger, metrics });
  const changes = new ChangeAnnouncer({ producer, logger });

  const secretBox = new SecretBox({ keys: config.BACKEND_ENCRYPTION_KEY });
  const issuer = new HostPolicyIssuer({ box: secretBox });
  const own = { store: jobs, box: secretBox, issuer, logger };
  const keyring = new CommandKeyring({ imported: config.BACKEND_COMMAND_SIGNING_KEY }, own);
  const rotation = new KeyRotation({ announceS: config.BACKEND_COMMAND_KEY_ANNOUNCE_S }, own);

  const tokenKeyring = new TokenKeyring(
    { configured: config.BACKEND_TOKEN_KEYS, announceS: config.BACKEND_TOKEN_KEY_ANNOUNCE_S },
    own,
  );
  const tokens = new AccessTokens({ keyring: tokenKeyring });
  const ca = buildPrivateCa(config, {
    ...{ store: jobs, shown: repositories.certificateAuthorities },
    ...{ box: secretBox, logger, metrics },
  });
  const { privateCa, authorityRotation, certifier, revocationLists, certificates } = ca;

  const authenticator = new Authenticator({ ...sessionLife, cookies }, { repositories, tokens, logger });
  const audit = new AuditTrail({ repositories, logger });
  const edge = buildEdge(config, { db, jobsDb, box: secretBox, ca: privateCa, logger, metrics });
  const { verifier, sealer, retention } = buildAudit(config, { store, jobs, logger, metrics });
  const guard = new ScopeGuard({ scopes: repositories.scopes });
  const writes = new IdempotentWrites({ hashKey: requestHashKey(config) }, { store, changes });
  const passwords = new Passwords();
  const { signInLimiter } = edge;
  const secondFactor = new SecondFactorService({ writes, box: secretBox, limiter: signInLimiter, audit });
  const events = new EventBroadcast(
    { redisUrl, heartbeatMs },
    { redis, authenticator, scopes: repositories.scopes, logger, metrics },
  );
  const deadLetters = new DeadLetterStore({ redis });
  deadLetterGauge(deadLetters, metrics);
  const routes = allRoutes(
    { cookies, version },
    {
      signIn: new SignInService(
        { setupToken: config.BACKEND_SETUP_TOKEN },
        { store, authenticator, passwords, limiter: signInLimiter, secondFactor, audit },
      ),
      oidcSignIn: buildOidcSignIn(config, { store, authenticator, audit, logger }),
      administrators: new AdministratorService({
        repositories,
        writes,
        passwords,
        limiter: signInLimiter,
        audit,
      }),
      secondFactor,
      apiClients: new ApiClientService({ repositories, writes, tokens }),
      tokens,
      rateLimits: edge.rateLimits,
      auditLog: new AuditService({ repositories, verifier, writes }),
      gateways: new GatewayService({ repositories, writes }),
      enrollment: new EnrollmentService(
        { hubUrls: config.BACKEND_AGENT_HUB_URLS, hubPins: config.BACKEND_AGENT_HUB_PINS },
        {
          store,
          writes,
          changes,
          keyring,
          certificates,
          limiter: new AddressLimiter(agentLimit),
          audit,
          logger,
        },
      ),
      keyRenewal: new KeyRenewalService(
        { overlapS: config.BACKEND_AGENT_KEY_OVERLAP_S },
        { store, changes, certificates, limiter: new AddressLimiter(agentLimit), logger },
      ),
      commands: new CommandService({ repositories, writes, audit, signer: keyring }),
      approvals: new ApprovalService({ repositories, writes, audit, signer: keyring }),
      verbPolicies: new VerbPolicyService({ repositories, writes }),
      secretResults: new SecretResultService({ keyring, writes }),
      commandKeys: new CommandKeyService({ repositories, rotation, writes }),
      system: new SystemService({ redis, deadLetters, repositories }),
      tokenKeys: new TokenKeyService({ repositories, keyring: tokenKeyring, writes }),
      freeze: new FreezeService({ repositories, issuer, writes, logger }),
      ...certificateServices(config, {
        store,
        writes,
        box: secretBox,
        ca: privateCa,
        lists: revocationLists,
        rotation: authorityRotation,
      }),
      deadLetters: new DeadLetterService({ store: deadLetters, writes, audit }),
      alerts: new AlertService({ repositories, writes }),
      notificationChannels: new NotificationChannelService({ repositories, writes, box: secretBox }),
      events,
    },
  );
  const panelDir = config.BACKEND_PANEL_DIR;
  const app = createApp(
    { secure },
    {
      routers: [
        apiRouter(routes, { authenticator, guard, rates: edge.rates, audit, logger }),
        ...(panelDir === undefined ? [] : [panelRouter({ dir: panelDir })]),
      ],
      proxies: edge.proxies,
      rates: edge.rates,
      logger,
    },
  );
  const http = new HttpServer(
    { bind: config.BACKEND_BIND },
    { app, tls: edge.tls, endStreams: () => events.endAll(), logger },
  );
  const applicationName = 'backend';
  const elected = {
    reconciler: new Reconciler({
      repositories: jobs.repositories,
      unreadReports: new UnreadReports({ redis }),
      changes,
      logger,
    }),
    snapshots: new SnapshotPublisher({
      repositories: jobs.repositories,
      snapshots: new SnapshotStore({ redis }),
      logger,
      metrics,
    }),
    sealer,
    retention,
    revocationLists,
  };
  const components = [
    new OpsServer(
      { service: 'backend', version, bind: config.BACKEND_OPS_BIND, token: config.BACKEND_OPS_TOKEN },
      {
        metrics,
        logger,
        checks: {
          redis: async () => void (await redis.ping()),
          postgres: () => pingDatabase(db),
          ...edge.checks,
        },
      },
    ),
    // Requests are accepted while Redis is away: the outbox keeps what is to be published.
    {
      name: 'redis',
      start: () => void redis.connect().catch(() => undefined),
      stop: () => closeRedis(redis),
    },
    redisSettingsCheck(redis, { strict: config.BACKEND_REDIS_STRICT }, { logger }),
    new Presence({ service: 'backend', version }, { redis, logger }),
    {
      name: 'postgres',
      start: () => undefined,
      stop: async () => void (await Promise.all([db.destroy(), jobsDb.destroy()])),
    },
    producer,
    ...keyTasks({ keyring, rotation, tokenKeyring, privateCa, authorityRotation, certifier }, logger),
    new OutboxRelay({ databaseUrl, applicationName }, { store: jobs, producer, changes, logger, metrics }),
    ...electedJobs({ databaseUrl, applicationName }, elected, logger),
    new StreamJanitor({ keepMs: config.BACKEND_STREAM_RETENTION_S * 1_000 }, { redis, logger, metrics }),
    events,
    ...edge.components,
    http,
  ];
  return { components, http, routes, metrics };
}

/** A key of its own for the hashes of requests, so that they tell nothing without the configuration. */
const requestHashKey = ({ BACKEND_ENCRYPTION_KEY: [current] }: CompleteConfig): Buffer =>
  Buffer.from(hkdfSync('sha256', current.key, '', 'viw request hash', 32));

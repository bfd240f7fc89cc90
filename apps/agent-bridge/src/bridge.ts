import { OpsServer, systemClock } from '@viw/runtime';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { Presence, StreamProducer, consumersReady, createRedis, redisSettingsCheck } from '@viw/streams';
import { version } from '../package.json';
import { bridgeMetrics } from './bridge-metrics';
import { buildCommandFlow } from './command-flow';
import type { BridgeConfig } from './config';
import { AddressRates } from './connection/address-rates';
import type { AgentListener } from './connection/agent-listener';
import { ConnectionTable } from './connection/connection-table';
import type { Connection } from './connection/connection';
import { ends } from './connection/end-reason';
import type { End } from './connection/end-reason';
import { Liveness } from './connection/liveness';
import { Sessions } from './connection/sessions';
import { FrameReceiver } from './frames/frame-receiver';
import { frameHandlers } from './frames/frame-handlers';
import { buildFrontDoor } from './front-door';
import { EventIntake } from './intake/event-intake';
import { HelloIntake } from './intake/hello-intake';
import { Publisher } from './intake/publisher';
import { ReadPause } from './intake/read-pause';
import { LastFrames } from './ops/last-frames';
import { Rejections } from './intake/rejections';
import { ResultIntake } from './intake/result-intake';
import { SessionLog } from './intake/session-log';
import { TelemetryIntake } from './intake/telemetry-intake';
import { AgentClaims } from './lease/agent-claims';
import { LeaseKeeper } from './lease/lease-keeper';
import { LeaseStore } from './lease/lease-store';
import { agentRoutes } from './ops/agent-routes';
import { AgentVersions } from './registry/agent-versions';
import { CommandPolicy } from './registry/command-policy';
import { CommandProof } from './registry/command-proof';
import { GatewayObjection } from './registry/gateway-objection';
import { GatewayRegistry } from './registry/gateway-registry';
import { HostPolicyNews } from './registry/host-policy-news';
import { RegistryEnforcement } from './registry/registry-enforcement';
import { RegistrySync } from './registry/registry-sync';
import { SnapshotReader } from './registry/snapshot-reader';
import { periodicJobs } from './periodic-jobs';
import { redisLife } from './redis-life';
import { WorkUnderWay } from './work-under-way';
import { Ticker } from './ticker';
import { bridgeTiming } from './timing';

/** What may wait for Redis: minutes of a fleet's telemetry, and all its results. */
const BUFFERED_BYTES = 32 * 1024 * 1024;

export interface Bridge {
  readonly components: readonly Component[];
  readonly listener: AgentListener;
  readonly ops: OpsServer;
}

/**
 * The whole hub, wired top to bottom: Redis → streams → registry → leases → commands → frames → sockets → ops.
 *
 * @throws AppError CONFIG_INVALID when no way to prove identity is configured
 */
export function buildBridge(
  config: BridgeConfig,
  { logger, metrics: metricsRegistry }: { logger: Logger; metrics: Metrics },
  timing: typeof bridgeTiming = bridgeTiming,
): Bridge {
  const hub = config.AGENT_BRIDGE_HUB_ID;
  const redisUrl = config.AGENT_BRIDGE_REDIS_URL;
  const heartbeatMs = config.AGENT_BRIDGE_HEARTBEAT_S * 1_000;
  const clock = systemClock;
  const metrics = bridgeMetrics(metricsRegistry);
  const pending = new WorkUnderWay();

  const redis = createRedis(redisUrl, { role: 'command', name: `agent-bridge:${hub}` }, { logger });
  const producer = new StreamProducer(
    { stopTimeoutMs: 3_000, maxBufferedBytes: BUFFERED_BYTES },
    { redis, logger, metrics: metricsRegistry },
  );
  const publisher = new Publisher({ producer, metrics, logger });
  const registry = new GatewayRegistry({
    onChange: (change) => {
      connections.onRegistryChange(change);
      enforcement.onChange(change);
    },
    onHostPolicies: () => policies.announce(),
  });
  const connections: ConnectionTable = new ConnectionTable({ registry });
  const policies = new HostPolicyNews({ registry, connections });
  const registrySync = new RegistrySync(
    { hub, redisUrl, currentForMs: timing.registryCurrent },
    { registry, snapshots: new SnapshotReader({ redis }), logger, metrics: metricsRegistry },
  );
  const objection = new GatewayObjection({ unknownAgents: config.AGENT_BRIDGE_UNKNOWN_AGENTS }, { registry });
  const versions = new AgentVersions({ oldVersions: config.AGENT_BRIDGE_OLD_VERSIONS }, { registry });
  const leases = new LeaseStore(
    {
      hub,
      leaseTtlMs: 3 * timing.leaseRenewal,
      hubTtlMs: 3 * timing.hubAlive,
      rivalClaimMs: timing.rivalClaim,
      contestMs: timing.contest,
    },
    { redis },
  );

  const sessionLog = new SessionLog({ hub }, { publisher, connections, clock });
  const recent = new LastFrames({ maxAgents: 2 * config.AGENT_BRIDGE_MAX_CONN });
  const end = (connection: Connection, why: End): void => sessions.end(connection, why);

  const rejections = new Rejections({ hub }, { publisher, clock, metrics, logger });
  const enforcement = new RegistryEnforcement({ connections, objection, versions, end, logger });
  const { inbox, handover, dispatcher, signOfLife, takeover, contests, ingress } = buildCommandFlow(
    { hub, redisUrl, timing },
    {
      redis,
      connections,
      leases,
      publisher,
      policy: new CommandPolicy({ registry, sync: registrySync, versions }),
      proof: new CommandProof(
        {
          required: config.AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED,
          pinned: config.AGENT_BRIDGE_TRUSTED_KEYS ?? [],
        },
        { registry, logger },
      ),
      end,
      pending,
      clock,
      metrics,
      metricsRegistry,
      logger,
    },
  );

  const readPause = new ReadPause({ producer, clock, metrics });
  const telemetry = new TelemetryIntake({ hub }, { publisher, recent, readPause, pending, clock });
  const handlers = frameHandlers({
    hellos: new HelloIntake(
      { hub, heartbeatMs },
      { publisher, sessionLog, dispatcher, policies, versions, rejections, end, pending, clock, logger },
    ),
    telemetry,
    results: new ResultIntake({ hub }, { publisher, dispatcher, recent, pending, clock, logger }),
    events: new EventIntake({ hub }, { publisher, clock }),
    dispatcher,
    recent,
  });
  const framesPerSecond = config.AGENT_BRIDGE_ADDRESS_FRAMES_PER_S;
  const frameRates = new AddressRates({ perSecond: framesPerSecond, burst: 2 * framesPerSecond });
  const receiver = new FrameReceiver({ handlers, rates: frameRates, end, clock, metrics, logger });

  const liveness = new Liveness({ heartbeatMs }, { end, clock, metrics });
  const sessions: Sessions = new Sessions(
    { outbound: { maxFrames: config.AGENT_BRIDGE_QUEUE_MAX } },
    { connections, receiver, dispatcher, leases, liveness, sessionLog, pending, clock, metrics, logger },
  );
  const { tls, listener } = buildFrontDoor(
    config,
    {
      registry,
      objection,
      enforcement,
      rejections,
      sessions,
      connections,
      leases,
      claims: new AgentClaims({ hub }, { leases, contests, registry, pending, logger }),
      redis,
      pending,
      clock,
      logger,
      metrics: metricsRegistry,
    },
    timing,
  );

  const keeper = new LeaseKeeper({
    leases,
    connections,
    onLost: (connection) => end(connection, ends.replaced),
    onMailboxSuspect: (connection) => dispatcher.parked(connection.agentId),
  });
  const jobs = periodicJobs(
    hub,
    {
      liveness,
      readPause,
      dispatcher,
      handover,
      signOfLife,
      takeover,
      contests,
      keeper,
      registrySync,
      tls,
      sessionLog,
      redis,
    },
    timing,
  );
  const ticker = new Ticker({ jobs }, { logger });

  const ops = new OpsServer(
    { service: 'agent-bridge', bind: config.AGENT_BRIDGE_OPS_BIND, token: config.AGENT_BRIDGE_ADMIN_TOKEN },
    {
      checks: {
        redis: async () => void (await redis.ping()),
        registry: registrySync.ready,
        consumers: () => consumersReady([ingress, inbox]),
      },
      metrics: metricsRegistry,
      logger,
      routes: agentRoutes({ connections, recent, dispatcher }),
    },
  );
  metrics.watch({
    sessions: () => connections.size,
    inFlight: () => dispatcher.inFlight,
    waiting: () => dispatcher.waiting,
    registryVersion: () => registry.version ?? -1,
    frozen: () => registry.isFrozen,
  });

  const settings = redisSettingsCheck(redis, { strict: config.AGENT_BRIDGE_REDIS_STRICT }, { logger });

  // Stopped in reverse: no new commands, sockets closed and their commands put where the next hub finds them, leases
  // returned, entries flushed.
  const components = [
    redisLife({ redis, pending }),
    settings,
    new Presence({ service: 'agent-bridge', version }, { redis, logger }),
    producer,
    registrySync,
    tls,
    signOfLife,
    telemetry,
    ticker,
    inbox,
    listener,
    ingress,
    ops,
  ];
  return { components, listener, ops };
}

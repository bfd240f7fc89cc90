import { commandsStream, groups } from '@viw/contracts';
import type { Clock, Logger, Metrics } from '@viw/runtime';
import { StreamConsumer } from '@viw/streams';
import type { Redis } from '@viw/streams';
import type { BridgeMetrics } from './bridge-metrics';
import type { ConnectionTable } from './connection/connection-table';
import type { Connection } from './connection/connection';
import { ends } from './connection/end-reason';
import type { End } from './connection/end-reason';
import type { Publisher } from './intake/publisher';
import { Contests } from './lease/contests';
import type { LeaseStore } from './lease/lease-store';
import { SignOfLife } from './lease/sign-of-life';
import type { CommandPolicy } from './registry/command-policy';
import type { CommandProof } from './registry/command-proof';
import { CommandEvents } from './routing/command-events';
import { CommandRouter } from './routing/command-router';
import { DeadHubEntries } from './routing/dead-hub-entries';
import { Dispatcher } from './routing/dispatcher';
import { Handover } from './routing/handover';
import { HubInbox } from './routing/hub-inbox';
import { HubTakeover } from './routing/hub-takeover';
import { IngressOrder } from './routing/ingress-order';
import { recoverFromLapse } from './routing/lapse-recovery';
import { Placement } from './routing/placement';
import { SentMarks } from './routing/sent-marks';
import { ingressTakeover } from './timing';
import type { bridgeTiming } from './timing';
import type { WorkUnderWay } from './work-under-way';

export interface CommandFlowOptions {
  readonly hub: string;
  readonly redisUrl: string;
  readonly timing: typeof bridgeTiming;
}

export interface CommandFlowDeps {
  readonly redis: Redis;
  readonly connections: ConnectionTable;
  readonly leases: LeaseStore;
  readonly publisher: Publisher;
  readonly policy: CommandPolicy;
  readonly proof: CommandProof;
  readonly end: (connection: Connection, why: End) => void;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly metricsRegistry: Metrics;
  readonly logger: Logger;
}

/** The part of the wiring between `viw.commands` and an agent's socket, whichever hub reads the one and has the other. */
export function buildCommandFlow({ hub, redisUrl, timing }: CommandFlowOptions, deps: CommandFlowDeps) {
  const { redis, connections, leases, publisher, policy, proof, end, pending, clock, logger } = deps;
  const { metrics, metricsRegistry } = deps;
  const placement = new Placement({ hub }, { redis });
  const inbox: HubInbox = new HubInbox(
    { hub, redisUrl },
    {
      handler: (batch, context) => dispatcher.accept(batch, context),
      onReplaced: ({ agent_id, epoch }) => {
        const former = connections.get(agent_id);
        if (former?.epoch === epoch) end(former, ends.replaced);
      },
      onLost: (entryIds) => dispatcher.forget(entryIds),
      placement,
      pending,
      logger,
      metrics: metricsRegistry,
    },
  );
  const commandEvents = new CommandEvents({ hub }, { publisher, clock, metrics, logger });
  const parting = { placement, inbox, connections, events: commandEvents, pending };
  const handover = new Handover({ ...parting, metrics, logger });
  const dispatcher = new Dispatcher({
    connections,
    inbox,
    handover,
    policy,
    proof,
    events: commandEvents,
    sentMarks: new SentMarks({ redis }),
    mayDecide: () => signOfLife.isCertain,
    pending,
    clock,
    metrics,
  });
  const signOfLife: SignOfLife = new SignOfLife(
    { ttlMs: 3 * timing.hubAlive },
    {
      leases,
      onLapsed: () => recoverFromLapse({ inbox, connections, dispatcher }),
      logger,
    },
  );
  const takeover = new HubTakeover(
    { hub, graceMs: timing.hubAlive },
    {
      redis,
      entries: new DeadHubEntries(
        { hub },
        { redis, placement, events: commandEvents, onParked: (agentId) => dispatcher.parked(agentId) },
      ),
      metrics,
      logger,
    },
  );
  const contests = new Contests({
    redis,
    connections,
    publisher,
    onContested: (connection) => dispatcher.suspend(connection),
    onSettled: (connection) => dispatcher.serve(connection),
    pending,
    clock,
    metrics,
    logger,
  });
  const router = new CommandRouter({
    order: new IngressOrder({ hub }, { redis }),
    placement,
    events: commandEvents,
    dispatcher,
    clock,
    metrics,
  });
  const ingress = new StreamConsumer(
    {
      contract: commandsStream,
      group: groups.agentBridge,
      consumer: hub,
      stopTimeoutMs: 3_000,
      // Short at first: it is waited for other hubs, too, that have an earlier command of an agent.
      backoff: { baseMs: 10, capMs: 1_000 },
      ...ingressTakeover(timing.hubAlive),
    },
    { redisUrl, handler: router.handle, logger, metrics: metricsRegistry },
  );
  return { inbox, handover, dispatcher, signOfLife, takeover, contests, ingress };
}

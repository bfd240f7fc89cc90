import { join } from 'node:path';
import { HelperClient, HostTrust } from '@viw/commands';
import { HostMetricsReader, hasSystemd, systemdStates, unknownStates } from '@viw/host-metrics';
import type { Component, Logger, ServiceControl } from '@viw/runtime';
import { BackendTrust } from './commands/backend-trust';
import { CommandRunner } from './commands/command-runner';
import { CommandVerification } from './commands/command-verification';
import { CommandJournal } from './commands/command-journal';
import { HelperExecution } from './commands/helper-execution';
import { ResultOutbox } from './commands/result-outbox';
import { CommandRefuser } from './commands/command-refuser';
import { OwnSignature } from './commands/own-signature';
import type { AgentConfig } from './config';
import { HubClock } from './connection/hub-clock';
import { HubConnection } from './connection/hub-connection';
import { clientCertificateOf, identityOf, resultKeyOf } from './connection/identity-files';
import { renewalsOf } from './enrollment/renewals-of';
import { auditSummaries } from './events/audit-summary';
import { CommandEvents } from './events/command-events';
import { HelperWatch } from './events/helper-watch';
import { HostEvents } from './events/host-events';
import { ServiceWatch } from './events/service-watch';
import { AgentSession } from './session/agent-session';
import { HelloMaker } from './session/hello';
import { readHostFacts } from './session/host-facts';
import { Uplink } from './session/uplink';
import { statusOf } from './status/status-of';
import { statusSocket } from './status/status-socket';
import { helperMetrics } from './telemetry/host-metrics-by-helper';
import { helperStates } from './telemetry/service-states-by-helper';
import { TelemetryReporter } from './telemetry/telemetry-reporter';

/** sysexits(3) EX_NOPERM is 77, EX_CONFIG 78: the unit's RestartPreventExitStatus names the latter. */
export const DECOMMISSIONED_EXIT_STATUS = 78;

/** For commands at work when the agent is told to stop. */
const FINISH_TIMEOUT_MS = 5_000;

export interface AgentDeps {
  readonly logger: Logger;
  readonly control: ServiceControl;
  readonly version: string;
}

export interface Agent {
  /** In the order in which they start. */
  readonly components: readonly Component[];
  readonly uplink: Uplink;
}

/** Wires one agent. Without a helper secret it only reports. */
export async function buildAgent(
  config: AgentConfig,
  { logger, control, version }: AgentDeps,
): Promise<Agent> {
  const agentId = config.GATEWAY_AGENT_ID;
  const maxConcurrency = config.GATEWAY_AGENT_MAX_CONCURRENCY;
  const services = config.GATEWAY_AGENT_SERVICES;
  const clock = new HubClock();
  const uplink = new Uplink();

  const helperSecret = config.GATEWAY_AGENT_HELPER_SECRET;
  const helper =
    helperSecret === undefined
      ? undefined
      : new HelperClient({ socketPath: config.GATEWAY_AGENT_HELPER_SOCKET, secret: helperSecret, agentId });

  const fallback = helper === undefined ? unknownStates : helperStates(helper);
  const serviceStates = (await hasSystemd()) ? systemdStates : fallback;
  const reader =
    config.GATEWAY_AGENT_METRICS === 'helper' && helper !== undefined
      ? helperMetrics({ version }, helper)
      : new HostMetricsReader({ services, version }, { serviceStates });
  const intervalMs = config.GATEWAY_AGENT_TELEMETRY_INTERVAL_S * 1_000;
  const events = new HostEvents({ agentId }, { uplink, clock, logger });
  const serviceWatch = new ServiceWatch({ events });
  const telemetry = new TelemetryReporter(
    { agentId, intervalMs },
    { reader, uplink, clock, logger, onMetrics: (metrics) => serviceWatch.observe(metrics) },
  );

  const journal = new CommandJournal({ dir: config.GATEWAY_AGENT_STATE_DIR }, { logger });
  const outbox = new ResultOutbox({}, { uplink });
  const signature = new OwnSignature({ agentId }, { key: resultKeyOf(config) });
  const pinned = config.GATEWAY_AGENT_TRUSTED_KEYS ?? [];
  const policyFile = join(config.GATEWAY_AGENT_STATE_DIR, 'host-policy.json');
  const trust =
    helper &&
    new BackendTrust({
      trust: new HostTrust({ file: policyFile }, { pinned: async () => pinned, logger }),
      helper,
      logger,
    });
  const commands =
    helper === undefined || trust === undefined
      ? new CommandRefuser({ agentId }, { outbox, signature, clock })
      : new CommandRunner(
          { agentId, maxConcurrency },
          {
            gate: new CommandVerification({ agentId }, { trust, clock }),
            journal,
            execution: new HelperExecution({}, { helper }),
            outbox,
            uplink,
            signature,
            events: new CommandEvents({ events }),
            clock,
            logger,
          },
        );

  const identity = identityOf(config);
  const reconnect = { firstSpreadMs: config.GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S * 1_000 };
  const connection = new HubConnection(
    {
      urls: config.GATEWAY_AGENT_HUB_URL,
      ca: config.GATEWAY_AGENT_CA,
      pins: config.GATEWAY_AGENT_HUB_PINS,
      reconnect,
    },
    { identity, certificate: clientCertificateOf(config), clock, logger },
  );
  const facts = readHostFacts();
  const hello = new HelloMaker(
    { agentId, version, site: config.GATEWAY_AGENT_SITE, maxConcurrency, facts },
    { helper, clock, logger },
  );
  const onDismissed = (reason: string): void => control.requestStop(reason, DECOMMISSIONED_EXIT_STATUS);
  const session = new AgentSession({
    uplink,
    clock,
    hello,
    telemetry,
    events,
    commands,
    policies: trust,
    logger,
    onDismissed,
  });
  const helperWatch = helper && new HelperWatch({}, { helper, events, logger });
  const helperTasks =
    helper === undefined || helperWatch === undefined
      ? []
      : [helperWatch, auditSummaries({}, { helper, events, logger })];

  const status = statusOf(config, {
    version,
    identity,
    connection,
    session,
    clock,
    commands,
    outbox,
    helperWatch,
  });
  const stateDir = config.GATEWAY_AGENT_STATE_DIR;
  return {
    uplink,
    components: [
      { name: 'journal', start: () => journal.start(), stop: () => journal.stop() },
      { name: 'connection', start: () => connection.start(session), stop: () => connection.stop() },
      // Stops before the connection, over which the last results still go.
      { name: 'commands', start: () => undefined, stop: () => commands.stop(FINISH_TIMEOUT_MS) },
      { name: 'telemetry', start: () => telemetry.start(), stop: () => telemetry.stop() },
      statusSocket({ stateDir }, { status, logger }),
      ...helperTasks,
      ...renewalsOf(config, { clock, events, logger }),
    ],
  };
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HostTrust } from '@viw/commands';
import { HostMetricsReader, hasSystemd, processStates, systemdStates } from '@viw/host-metrics';
import { AppError, PeriodicTask } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { AuditCounts } from './audit/audit-counts';
import { AtMostOnce } from './execution/at-most-once';
import { CommandVerification } from './checks/command-verification';
import type { Config } from './config';
import { exec } from './execution/run-program';
import type { ExecOptions } from './execution/run-program';
import { BootstrapTokens } from './bootstrap/bootstrap-tokens';
import { EngineClient } from './containers/engine-client';
import { SessionContainers } from './containers/session-containers';
import { ServiceManager } from './services/service-manager';
import { VpnSessions } from './sessions/vpn-sessions';
import { buildExecutors } from './verbs';
import { Scripts } from './verbs/scripts';
import { HostKeys } from './keys/host-keys';
import { Journal } from './journal/journal';
import { FileLog } from './logs/file-log';
import { JournaldLog } from './logs/journald-log';
import type { LogSource } from './logs/log-source';
import { RequestAuthentication } from './checks/request-authentication';
import { RequestHandler } from './socket/request-handler';
import { Slots } from './execution/slots';
import { inheritedSocket } from './socket/inherited-socket';
import { SocketServer } from './socket/socket-server';
import { TrustedKeys } from './checks/trusted-keys';

const CONCURRENT_ACTIONS = 4;
const WAITING_ACTIONS = 32;

/** Wires the helper; the components in the order in which they start. */
export async function buildHostHelper(config: Config, { logger }: { logger: Logger }): Promise<Component[]> {
  const { HOST_HELPER_AGENT_ID: agentId, HOST_HELPER_SECRET: secret, HOST_HELPER_STATE_DIR: state } = config;
  if (agentId === undefined || secret === undefined) throw new AppError('CONFIG_INVALID');
  const keys = await HostKeys.load(config.HOST_HELPER_KEYS_DIR);

  const workFolder = join(state, 'work');
  const services = config.HOST_HELPER_SERVICES;
  const systemd = await hasSystemd();
  const serviceStates = systemd ? systemdStates : processStates();
  const executors = buildExecutors(
    { services, logUnits: config.HOST_HELPER_LOG_UNITS },
    {
      scripts: new Scripts({ root: config.HOST_HELPER_SCRIPTS_ROOT, workFolder }),
      metrics: new HostMetricsReader({ services }, { serviceStates }),
      serviceStates,
      logs: systemd ? journald(config) : logFiles(config),
      tokens: new BootstrapTokens({ file: join(state, 'bootstrap-tokens.json') }),
      containers: sessionContainers(config),
      vpn: vpnSessions(config),
      serviceManager: systemd ? new ServiceManager(managed(config), { exec: inState(config) }) : undefined,
    },
  );
  const journal = new Journal({ folder: join(state, 'journal') });
  const counts = new AuditCounts();
  const actions = new AtMostOnce(
    { agentId, timeoutMaxMs: config.HOST_HELPER_TIMEOUT_MAX_S * 1_000 },
    {
      executors,
      publicKeys: keys.publicKeys,
      counts,
      journal,
      slots: new Slots({ concurrent: CONCURRENT_ACTIONS, waiting: WAITING_ACTIONS }),
      logger,
    },
  );
  const pins = new TrustedKeys({ file: config.HOST_HELPER_TRUSTED_KEYS_FILE }, { logger });
  const trust = new HostTrust(
    { file: join(state, 'host-policy.json') },
    { pinned: () => pins.pinned(), logger },
  );
  const handler = new RequestHandler({
    gate: new RequestAuthentication({ agentId, secret }),
    authorisation: new CommandVerification(
      { agentId, requireJws: config.HOST_HELPER_REQUIRE_JWS },
      {
        trust,
        sealingKey: keys.sealing,
      },
    ),
    trust,
    actions,
    signingKey: keys.signing,
    counts,
    logger,
  });
  const underWay: Component = { name: 'actions', start: () => undefined, stop: () => actions.idle() };
  const socket = new SocketServer(
    {
      path: config.HOST_HELPER_SOCKET,
      group: config.HOST_HELPER_SOCKET_GROUP,
      inherited: inheritedSocket(config),
    },
    { handle: (message) => handler.handle(message), logger },
  );
  const leftovers: Component = {
    name: 'leftovers',
    start: () => rm(workFolder, { recursive: true, force: true }),
    stop: () => undefined,
  };
  const pruning = new PeriodicTask(
    { name: 'journal-pruning', everyMs: 3_600_000, failureEvent: 'journal_pruning_failed' },
    { run: () => journal.prune(), logger },
  );
  return [leftovers, journal, pruning, underWay, socket];
}

/** For programs of the system itself, which need no folder of their own. */
const inState =
  ({ HOST_HELPER_STATE_DIR: cwd }: Config) =>
  (options: Omit<ExecOptions, 'cwd'>) =>
    exec({ ...options, cwd });

const journald = (config: Config): LogSource => new JournaldLog({ exec: inState(config) });

const managed = (config: Config) => ({
  services: config.HOST_HELPER_RELOAD_SERVICES,
  agentUnit: config.HOST_HELPER_AGENT_UNIT,
});

function sessionContainers(config: Config): SessionContainers | undefined {
  const { HOST_HELPER_ENGINE_SOCKET: socketPath, HOST_HELPER_SESSION_IMAGES: images } = config;
  if (socketPath === undefined) return undefined;
  const networks = {
    ...(config.HOST_HELPER_NETWORK_DEFAULT !== undefined && { default: config.HOST_HELPER_NETWORK_DEFAULT }),
    ...(config.HOST_HELPER_NETWORK_STRICT !== undefined && { strict: config.HOST_HELPER_NETWORK_STRICT }),
  };
  return new SessionContainers({ images, networks }, { engine: new EngineClient({ socketPath }) });
}

function vpnSessions({ HOST_HELPER_OPENVPN_SOCKET: socketPath }: Config): VpnSessions | undefined {
  return socketPath === undefined ? undefined : new VpnSessions({ socketPath });
}

function logFiles({ HOST_HELPER_LOG_DIR: folder }: Config): LogSource | undefined {
  return folder === undefined ? undefined : new FileLog({ folder });
}

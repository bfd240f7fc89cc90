import type { Verb } from '@viw/commands';
import type { BootstrapTokens } from '../bootstrap/bootstrap-tokens';
import type { SessionContainers } from '../containers/session-containers';
import type { HostMetricsReader, ServiceStateSource } from '@viw/host-metrics';
import type { LogSource } from '../logs/log-source';
import type { ServiceManager } from '../services/service-manager';
import type { VpnSessions } from '../sessions/vpn-sessions';
import { generateBootstrap, revokeBootstrap } from './bootstrap';
import { listContainers, spawnContainer, stopContainer } from './containers';
import type { Executor } from './executor';
import { getServiceStatus, getSystemHealth } from './host-reads';
import { reloadService, restartAgent } from './services';
import { getMonitoringData, getSessionStatus, terminateSession } from './sessions';
import { tailLogs } from './tail-logs';
import type { Scripts } from './scripts';
import { createOpenvpnUser, createPanelUser, deleteUser, listUsers } from './users';

export interface ExecutorDeps {
  readonly scripts: Scripts;
  readonly metrics: HostMetricsReader;
  readonly serviceStates: ServiceStateSource;
  readonly logs: LogSource | undefined;
  readonly tokens: BootstrapTokens;
  /** Undefined on a host for which nothing of the kind is set up: its verbs are NOT_IMPLEMENTED then. */
  readonly containers: SessionContainers | undefined;
  readonly vpn: VpnSessions | undefined;
  readonly serviceManager: ServiceManager | undefined;
}

export type Executors = Readonly<Partial<Record<Verb, Executor>>>;

/** What the helper can do on this host. A verb that is not here is NOT_IMPLEMENTED. */
export const buildExecutors = (
  options: { readonly services: readonly string[]; readonly logUnits: readonly string[] },
  { scripts, metrics, serviceStates, logs, tokens, containers, vpn, serviceManager }: ExecutorDeps,
): Executors => ({
  create_panel_user: createPanelUser(scripts),
  create_openvpn_user: createOpenvpnUser(scripts),
  delete_user: deleteUser(scripts),
  list_users: listUsers(scripts),
  get_system_health: getSystemHealth(metrics),
  get_service_status: getServiceStatus(options, serviceStates),
  tail_logs: tailLogs({ units: options.logUnits }, logs),
  generate_bootstrap: generateBootstrap(tokens),
  revoke_bootstrap: revokeBootstrap(tokens),
  ...(containers && {
    spawn_container: spawnContainer(containers),
    stop_container: stopContainer(containers),
    list_containers: listContainers(containers),
  }),
  ...((vpn ?? containers) && { terminate_session: terminateSession(vpn, containers) }),
  ...(vpn && {
    get_session_status: getSessionStatus(vpn),
    get_monitoring_data: getMonitoringData(metrics, vpn),
  }),
  ...(serviceManager && {
    reload_service: reloadService(serviceManager),
    restart_agent: restartAgent(serviceManager),
  }),
});

/** Verbs to be advertised: those for which the host has what they need. */
export async function availableVerbs(executors: Executors): Promise<string[]> {
  const checked = await Promise.all(
    Object.entries(executors).map(async ([verb, executor]) => ((await executor.available()) ? [verb] : [])),
  );
  return checked.flat().sort();
}

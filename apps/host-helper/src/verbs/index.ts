import type { Verb } from '@viw/commands';
import type { HostMetricsReader, ServiceStateSource } from '@viw/host-metrics';
import type { LogSource } from '../logs/log-source';
import type { Executor } from './executor';
import { getServiceStatus, getSystemHealth } from './host-reads';
import { tailLogs } from './tail-logs';
import type { Scripts } from './scripts';
import { createOpenvpnUser, createPanelUser, deleteUser, listUsers } from './users';

export interface ExecutorDeps {
  readonly scripts: Scripts;
  readonly metrics: HostMetricsReader;
  readonly serviceStates: ServiceStateSource;
  readonly logs: LogSource | undefined;
}

export type Executors = Readonly<Partial<Record<Verb, Executor>>>;

/** What the helper can do. A verb that is not here is NOT_IMPLEMENTED on every host. */
export const buildExecutors = (
  options: { readonly services: readonly string[]; readonly logUnits: readonly string[] },
  deps: ExecutorDeps,
): Executors => ({
  create_panel_user: createPanelUser(deps.scripts),
  create_openvpn_user: createOpenvpnUser(deps.scripts),
  delete_user: deleteUser(deps.scripts),
  list_users: listUsers(deps.scripts),
  get_system_health: getSystemHealth(deps.metrics),
  get_service_status: getServiceStatus(options, deps.serviceStates),
  tail_logs: tailLogs({ units: options.logUnits }, deps.logs),
});

/** Verbs to be advertised: those for which the host has what they need. */
export async function availableVerbs(executors: Executors): Promise<string[]> {
  const checked = await Promise.all(
    Object.entries(executors).map(async ([verb, executor]) => ((await executor.available()) ? [verb] : [])),
  );
  return checked.flat().sort();
}

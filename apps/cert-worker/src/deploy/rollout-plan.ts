import type { DeployOrder } from '@viw/contracts';
import type { DeployTarget } from '@viw/database';

/** Virtual hosts of one server: it is one piece of a rollout. */
export interface ServerTargets {
  readonly serverId: string;
  readonly name: string;
  readonly hosts: readonly DeployTarget[];
}

/** Waves in their order, the canary first. Servers stay in the order in which they come. */
export function planRollout(
  targets: readonly DeployTarget[],
  { canary, wave }: Pick<DeployOrder, 'canary' | 'wave'>,
): ServerTargets[][] {
  const byServer = new Map<string, DeployTarget[]>();
  for (const target of targets)
    byServer.set(target.server_id, [...(byServer.get(target.server_id) ?? []), target]);
  const servers = [...byServer].map(([serverId, hosts]) => ({
    serverId,
    name: hosts[0]?.server.name ?? serverId,
    hosts,
  }));
  const waves = [servers.slice(0, canary)];
  for (let from = canary; from < servers.length; from += wave) waves.push(servers.slice(from, from + wave));
  return waves.filter((one) => one.length > 0);
}

import { registrySnapshotKey } from '@viw/contracts';
import { type FleetRange, agentIdsOf } from '@viw/simulator';
import type { RedisWorld } from '../world';

/**
 * Makes a fleet known to hubs before they start, where no backend runs: as the backend leaves its registry in Redis,
 * every gateway active.
 */
export async function registerFleet(fleet: FleetRange, { redis }: RedisWorld): Promise<void> {
  const gateways = agentIdsOf(fleet).map((agent_id) => ({ agent_id, state: 'active' }));
  const snapshot = { version: 1, frozen: false, gateways };
  await redis.hset(registrySnapshotKey, { version: snapshot.version, body: JSON.stringify(snapshot) });
}

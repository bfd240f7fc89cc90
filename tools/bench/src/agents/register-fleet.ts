import { registrySnapshotKey } from '@viw/contracts';
import { type FleetRange, agentIdsOf } from '@viw/simulator';
import type { RedisWorld } from '../world';

/**
 * Makes a fleet known to hubs before they start, where no backend runs: as the backend leaves its registry in Redis,
 * every gateway active.
 */
export const registerFleet = (fleet: FleetRange, world: RedisWorld): Promise<void> =>
  registerFleets([fleet], world);

/** The same for several: whoever comes later replaces who was known before. */
export async function registerFleets(fleets: readonly FleetRange[], { redis }: RedisWorld): Promise<void> {
  const gateways = fleets.flatMap(agentIdsOf).map((agent_id) => ({ agent_id, state: 'active' }));
  const snapshot = { version: 1, frozen: false, gateways };
  await redis.hset(registrySnapshotKey, { version: snapshot.version, body: JSON.stringify(snapshot) });
}

import { agentIdOf } from '@viw/simulator';
import type { RedisWorld } from '../world';

/** The agents of one simulated fleet. */
export interface FleetRange {
  readonly prefix: string;
  readonly first: number;
  readonly agents: number;
}

export const agentIdsOf = ({ prefix, first, agents }: FleetRange): string[] =>
  Array.from({ length: agents }, (_, i) => agentIdOf(prefix, first + i));

/**
 * Makes a fleet known to hubs before it dials, where no backend runs. Hubs take unknown agents in today: there is
 * nothing to write.
 */
export async function registerFleet(_fleet: FleetRange, _world: RedisWorld): Promise<void> {
  // See above.
}

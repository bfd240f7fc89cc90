import { bundleOf } from '@viw/programs';
import { SimulatedFleet } from '@viw/simulator';
import { allWelcomed } from '../agents/welcomed';
import type { Bridge } from '../programs/bridge';
import { sharedSecret } from '../programs/bridge';
import { sessionsReadUp } from '../programs/group-progress';
import type { World } from '../world';

export interface ConnectOptions {
  readonly prefix: string;
  readonly agents: number;
  /** Within which they dial. */
  readonly spreadMs: number;
}

/** The agents, spread evenly over the hubs, one process of agents for each; all of them connected and recorded so. */
export async function connectAgents(
  { prefix, agents, spreadMs }: ConnectOptions,
  hubs: readonly Bridge[],
  world: World,
): Promise<readonly SimulatedFleet[]> {
  const fleets = hubs.map((hub, i) => {
    const first = Math.floor((agents * i) / hubs.length);
    const end = Math.floor((agents * (i + 1)) / hubs.length);
    const fleet = new SimulatedFleet({
      prefix,
      first,
      agents: end - first,
      processes: 1,
      bundle: bundleOf('tools/simulator'),
      hubUrl: hub.url,
      sharedSecret,
      firstSpreadMs: spreadMs,
    });
    world.undo.push(() => fleet.stop());
    return fleet;
  });
  await Promise.all(fleets.map((fleet) => fleet.start()));
  await allWelcomed(fleets, spreadMs + 60_000);
  await sessionsReadUp(world);
  return fleets;
}

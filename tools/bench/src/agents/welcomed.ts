import type { SimulatedFleet } from '@viw/simulator';
import { eventually } from '@viw/testing';

/** Waits until every agent of the fleets has a session. @throws Error after `timeoutMs` */
export const allWelcomed = (fleets: readonly SimulatedFleet[], timeoutMs: number): Promise<void> =>
  eventually(
    async () => {
      for (const fleet of fleets) {
        const welcomed = await fleet.welcomed();
        const all = fleet.agentIds.length;
        if (welcomed < all) throw new Error(`${welcomed} of ${all} agents have a session`);
      }
    },
    { timeoutMs, everyMs: 100, what: 'a session for every agent' },
  );

import type { Logger } from '@viw/runtime';
import type { GatewayRegistry } from '../registry/gateway-registry';
import type { WorkUnderWay } from '../work-under-way';
import type { Contests } from './contests';
import type { Lease, LeaseStore } from './lease-store';

export interface AgentClaimsDeps {
  readonly leases: Pick<LeaseStore, 'take' | 'tellReplaced'>;
  readonly contests: Pick<Contests, 'begun'>;
  readonly registry: Pick<GatewayRegistry, 'entry'>;
  readonly pending: WorkUnderWay;
  readonly logger: Logger;
}

/** A proven agent asks for the lease of its id. */
export class AgentClaims {
  readonly #hub: string;
  readonly #deps: AgentClaimsDeps;

  constructor({ hub }: { hub: string }, deps: AgentClaimsDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  /**
   * The former connection of the agent, if there is one, ends at once, on whichever hub it is. Undefined while two
   * live hosts claim the id; of an id that the registry does not know the newest claim wins, for it gets no commands anyway
   * and anybody may make it up. Rejects without Redis.
   */
  async claim(agentId: string, connId: string, ip: string): Promise<Lease | undefined> {
    const { leases, contests, registry, pending, logger } = this.#deps;
    const claim = await leases.take(agentId, connId, ip, {
      mayContest: registry.entry(agentId) !== undefined,
    });
    if (claim.kind === 'contested') {
      if (claim.begins) contests.begun(agentId, ip);
      return undefined;
    }
    const { lease, former } = claim;
    if (former && former.hub !== this.#hub) {
      const told = leases.tellReplaced(former).catch((error: unknown) => {
        const facts = { event: 'former_hub_not_told', agent_id: agentId, hub: former.hub, error };
        logger.debug(facts, 'it finds out when it renews its leases');
      });
      pending.track(told);
    }
    return lease;
  }
}

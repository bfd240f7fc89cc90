import { gatewayRegistryStream } from '@viw/contracts';
import type { FreezeState } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { Repositories } from '../store';
import type { HostPolicyIssuer } from '../trust/host-policy-issuer';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface FreezeServiceDeps {
  readonly repositories: Pick<Repositories, 'gatewayRegistry'>;
  readonly issuer: Pick<HostPolicyIssuer, 'issue'>;
  readonly writes: IdempotentWrites;
  readonly logger: Logger;
}

/**
 * The emergency stop of all commands. From its commit on none is accepted; hubs hear of it by a delta and send none
 * either, hosts by a signed policy and begin none. What waits stays where it is, until it is released or its own time is over.
 */
export class FreezeService {
  constructor(private readonly deps: FreezeServiceDeps) {}

  state(): Promise<FreezeState> {
    return this.deps.repositories.gatewayRegistry.freezeState();
  }

  /** A second time changes nothing, the reason included. */
  freeze(write: WriteRequest, reason: string): Promise<FreezeState> {
    return this.#set(write, true, reason);
  }

  release(write: WriteRequest): Promise<FreezeState> {
    return this.#set(write, false, null);
  }

  #set(write: WriteRequest, frozen: boolean, reason: string | null): Promise<FreezeState> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { gatewayRegistry, outbox } = repositories;
      const tellHosts = () => this.#tellHosts(repositories);
      // Released, a hub sends at once: a host that has not heard yet would refuse what comes, for good.
      const delta = await gatewayRegistry.freezeDelta(frozen, reason, frozen ? undefined : tellHosts);
      if (delta) await outbox.enqueue(gatewayRegistryStream, delta);
      if (delta && frozen) await tellHosts();
      const detail = { changed: delta !== undefined, ...(reason === null ? {} : { reason }) };
      return {
        answer: await gatewayRegistry.freezeState(),
        audit: { action: frozen ? 'commands.freeze' : 'commands.release', detail },
      };
    });
  }

  /** Backend and hubs stop whether or not the keys can be used at this moment: hosts are told as soon as they can. */
  async #tellHosts(repositories: Repositories): Promise<void> {
    try {
      await repositories.savepoint.around(() => this.deps.issuer.issue(repositories, { changesKeys: false }));
    } catch (error) {
      this.deps.logger.error(
        { event: 'host_policy_not_issued', error },
        'hosts are not told of the freeze or its end yet, trying again',
      );
    }
  }
}

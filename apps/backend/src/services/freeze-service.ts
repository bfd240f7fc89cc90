import { gatewayRegistryStream } from '@viw/contracts';
import type { FreezeState } from '@viw/contracts';
import { AppError } from '@viw/runtime';
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

  /**
   * @throws AppError UNAVAILABLE when hosts cannot be told at this moment: all stays frozen. Hubs would send at once, and a host
   *   that has not heard would refuse what comes, for good
   */
  release(write: WriteRequest): Promise<FreezeState> {
    return this.#set(write, false, null);
  }

  #set(write: WriteRequest, frozen: boolean, reason: string | null): Promise<FreezeState> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { gatewayRegistry, outbox } = repositories;
      const hostsFirst = frozen ? undefined : () => this.#tellHostsOfRelease(repositories);
      const delta = await gatewayRegistry.freezeDelta(frozen, reason, hostsFirst);
      if (delta) await outbox.enqueue(gatewayRegistryStream, delta);
      if (delta && frozen) await this.#tellHostsOfFreeze(repositories);
      const detail = { changed: delta !== undefined, ...(reason === null ? {} : { reason }) };
      return {
        answer: await gatewayRegistry.freezeState(),
        audit: { action: frozen ? 'commands.freeze' : 'commands.release', detail },
      };
    });
  }

  /** Backend and hubs stop whether or not the keys can be used at this moment: hosts are told as soon as they can. */
  async #tellHostsOfFreeze(repositories: Repositories): Promise<void> {
    try {
      await repositories.savepoint.around(() => this.deps.issuer.issue(repositories, { changesKeys: false }));
    } catch (error) {
      this.#notIssued(error, 'hosts are not told of the freeze yet, trying again');
    }
  }

  async #tellHostsOfRelease(repositories: Repositories): Promise<void> {
    try {
      await this.deps.issuer.issue(repositories, { changesKeys: false });
    } catch (error) {
      this.#notIssued(error, 'hosts cannot be told of the release, so there is none');
      throw new AppError(
        'UNAVAILABLE',
        'Still frozen: hosts cannot be told of the release. Mend what host_policy_not_issued in the log of the backend names (its encryption keys, Postgres), then release again',
        { cause: error },
      );
    }
  }

  #notIssued(error: unknown, what: string): void {
    this.deps.logger.error({ event: 'host_policy_not_issued', error }, what);
  }
}

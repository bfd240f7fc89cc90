import { dnsProviderKind, needsZones, streamContracts, streamGroups } from '@viw/contracts';
import type { SystemState } from '@viw/contracts';
import { groupState, processesSeen } from '@viw/streams';
import type { DeadLetterStore, Redis } from '@viw/streams';
import type { Repositories } from '../store';

export interface SystemServiceDeps {
  readonly redis: Redis;
  readonly deadLetters: Pick<DeadLetterStore, 'counts'>;
  readonly repositories: Pick<Repositories, 'dnsProviders' | 'outbox'>;
}

/** How the installation as a whole stands. */
export class SystemService {
  constructor(private readonly deps: SystemServiceDeps) {}

  /** Without Redis it still says what Postgres knows. @throws what Postgres throws */
  async state(): Promise<SystemState> {
    const { redis, repositories } = this.deps;
    const [processes, streams, waiting, age, unbounded] = await Promise.all([
      processesSeen(redis).catch(() => null),
      this.#streams().catch(() => null),
      repositories.outbox.countUnpublished(),
      repositories.outbox.oldestUnpublishedAge(),
      repositories.dnsProviders.withoutZones(dnsProviderKind.options.filter(needsZones)),
    ]);
    return {
      at: new Date().toISOString(),
      processes,
      streams,
      outbox: { waiting, oldest_age_s: age },
      dns_providers_without_zones: unbounded,
    };
  }

  async #streams(): Promise<NonNullable<SystemState['streams']>> {
    const { redis, deadLetters } = this.deps;
    const dead = await deadLetters.counts();
    return Promise.all(
      streamContracts.map(async ({ stream }) => ({
        stream,
        length: await redis.xlen(stream),
        dead_letters: dead.get(stream) ?? 0,
        groups: await Promise.all(
          (streamGroups[stream] ?? []).map(async (group) => {
            const state = await groupState(redis, stream, group);
            return { group, lag: state?.lag ?? null, pending: state?.pending ?? null };
          }),
        ),
      })),
    );
  }
}

import type { Logger, Metrics } from '@viw/runtime';
import { Counter } from '@viw/runtime';
import type { Repositories } from '../store';
import type { SnapshotStore } from './snapshot-store';

export interface SnapshotPublisherDeps {
  readonly repositories: Pick<Repositories, 'gatewayRegistry'>;
  readonly snapshots: Pick<SnapshotStore, 'version' | 'replace'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Keeps the registry's snapshot in Redis as new as Postgres: at the start, after every delta, and whenever Redis has lost
 * it. Of all backends one at a time is to do it; what two of them do at once is harmless, since the version never goes back.
 */
export class SnapshotPublisher {
  readonly #published: Counter;

  constructor(private readonly deps: SnapshotPublisherDeps) {
    this.#published = new Counter({
      name: 'viw_registry_snapshots_total',
      help: 'Snapshots of the gateway registry stored in Redis',
      registers: [deps.metrics],
    });
  }

  async look(): Promise<void> {
    const { gatewayRegistry } = this.deps.repositories;
    const [stored, current] = [await this.deps.snapshots.version(), await gatewayRegistry.version()];
    if (stored !== undefined && stored > current) await this.#catchUp(stored);
    else if (stored !== current) await this.#publish();
  }

  async #publish(insteadOf?: number): Promise<void> {
    const snapshot = await this.deps.repositories.gatewayRegistry.snapshot();
    const held = await this.deps.snapshots.replace(snapshot, insteadOf);
    if (held > snapshot.version) return;
    this.#published.inc();
    this.deps.logger.debug(
      { event: 'registry_snapshot', version: snapshot.version, gateways: snapshot.gateways.length },
      'registry snapshot stored',
    );
  }

  /**
   * Redis, read before Postgres, knows a later version than Postgres has: Postgres was restored from a backup. Hubs
   * would take every change for one they know already, revocations included, so the version goes on from theirs. Unless no
   * backup explains it: then somebody else has written there, and what Postgres knows takes its place.
   */
  async #catchUp(stored: number): Promise<void> {
    const outcome = await this.deps.repositories.gatewayRegistry.liftAbove(stored);
    if (outcome === 'unneeded') return;
    if (outcome === 'implausible') {
      this.deps.logger.error(
        { event: 'registry_version_implausible', version: stored },
        'the registry in Redis has a version that Postgres cannot have forgotten, and is replaced',
      );
      return this.#publish(stored);
    }
    this.deps.logger.error(
      { event: 'registry_version_lifted', version: stored + 1 },
      'Postgres knew an older registry than the hubs: was it restored from a backup?',
    );
    await this.#publish();
  }
}

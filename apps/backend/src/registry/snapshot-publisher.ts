import { advisoryLocks } from '@viw/contracts';
import { runPeriodicallyAlone } from '@viw/database';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { Counter } from '@viw/runtime';
import type { Repositories } from '../store';
import type { SnapshotStore } from './snapshot-store';

/** Between two looks, milliseconds. Deltas reach hubs at once by the stream; this bounds what happens without one. */
const EVERY_MS = 1_000;
const STANDBY_MS = 2_000;
const BACKOFF = { baseMs: 100, capMs: 3_000 };

export interface SnapshotPublisherOptions {
  /** Straight to Postgres, for the lock. */
  readonly databaseUrl: string;
  readonly applicationName: string;
  readonly everyMs?: number;
}

export interface SnapshotPublisherDeps {
  readonly repositories: Pick<Repositories, 'gatewayRegistry'>;
  readonly snapshots: Pick<SnapshotStore, 'version' | 'replace'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Keeps the registry's snapshot in Redis as new as Postgres: at the start, after every delta, and whenever Redis has lost
 * it. Of all backends one at a time; what two of them do at once is harmless, since the version never goes back.
 */
export class SnapshotPublisher implements Component {
  readonly name = 'registry-snapshot';
  readonly #stopping = new AbortController();
  readonly #published: Counter;
  #loop: Promise<void> | undefined;

  constructor(
    private readonly options: SnapshotPublisherOptions,
    private readonly deps: SnapshotPublisherDeps,
  ) {
    this.#published = new Counter({
      name: 'viw_registry_snapshots_total',
      help: 'Snapshots of the gateway registry stored in Redis',
      registers: [deps.metrics],
    });
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  #run(stop: AbortSignal): Promise<void> {
    const { databaseUrl: url, applicationName, everyMs = EVERY_MS } = this.options;
    return runPeriodicallyAlone(
      { url, applicationName: `${applicationName}-registry`, key: advisoryLocks.registrySnapshot },
      {
        stop,
        everyMs,
        backoff: BACKOFF,
        standbyMs: STANDBY_MS,
        onFailure: (error) =>
          this.deps.logger.warn(
            { event: 'registry_snapshot_failed', error },
            'the registry snapshot waits, trying again',
          ),
      },
      () => this.#look(),
    );
  }

  async #look(): Promise<void> {
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

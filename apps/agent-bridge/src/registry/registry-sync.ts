import { gatewayRegistryStream } from '@viw/contracts';
import type { GatewayRegistryBody } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { StreamFollower } from '@viw/streams';
import type { Delivered } from '@viw/streams';
import type { GatewayRegistry } from './gateway-registry';
import type { SnapshotReader } from './snapshot-reader';

/** While the snapshot does not lead up to the deltas yet. The backend brings it up to date within a second or two. */
const BACKOFF = { baseMs: 50, capMs: 500 };

export interface RegistrySyncOptions {
  readonly hub: string;
  readonly redisUrl: string;
  /** What was heard longer ago does not count as known, milliseconds. */
  readonly currentForMs: number;
}

export interface RegistrySyncDeps {
  readonly registry: GatewayRegistry;
  readonly snapshots: SnapshotReader;
  /** Milliseconds of a clock that nobody can set: what is old must not look new again. */
  readonly now?: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Keeps the registry as new as the backend's. The stream makes it fast: a delta takes effect as soon as it is written. The
 * comparison of versions in `check` makes it sure, whatever became of a delta. When Redis has lost its memory, or holds
 * an older registry, what is known here stays in force until the backend has caught up.
 */
export class RegistrySync implements Component {
  readonly name = 'gateway-registry';
  readonly #options: RegistrySyncOptions;
  readonly #deps: RegistrySyncDeps;
  readonly #now: () => number;
  readonly #follower: StreamFollower<typeof gatewayRegistryStream>;
  #heardAt = -Infinity;
  #fault: string | undefined = 'the registry has not been read yet';

  constructor(options: RegistrySyncOptions, deps: RegistrySyncDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
    const { hub, redisUrl } = options;
    this.#follower = new StreamFollower(
      { contract: gatewayRegistryStream, from: '$', name: `agent-bridge:${hub}`, backoff: BACKOFF },
      {
        redisUrl,
        handler: (entries) => this.#take(entries),
        onGap: () => this.check(),
        logger: deps.logger,
        metrics: deps.metrics,
      },
    );
  }

  /** Waits for one attempt only: without a registry the hub runs, says so, and refuses every agent. */
  async start(): Promise<void> {
    this.#follower.start();
    await this.check();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** The registry was lately found to be the newest that anybody has told of, so that a freeze or revocation would be in force. */
  get isCurrent(): boolean {
    return this.#now() - this.#heardAt < this.#options.currentForMs;
  }

  /** For the readiness endpoint. @throws AppError UNAVAILABLE */
  readonly ready = async (): Promise<string> => {
    const { registry } = this.#deps;
    if (!registry.isLoaded) throw new AppError('UNAVAILABLE', `registry not loaded: ${this.#fault ?? ''}`);
    if (this.#fault !== undefined) throw new AppError('UNAVAILABLE', this.#fault);
    return `version ${registry.version}, ${registry.size} gateways${registry.isFrozen ? ', frozen' : ''}`;
  };

  /** Loads the snapshot when it is newer than what is known. Never rejects. */
  async check(): Promise<void> {
    const { registry, snapshots } = this.#deps;
    try {
      const version = await snapshots.version();
      if (version !== undefined && (!registry.isLoaded || version > (registry.version ?? 0)))
        await this.#load();
      const fault = this.#doubt(version);
      if (fault === undefined && !registry.isBehind) this.#heardAt = this.#now();
      // For a moment that is nothing: the delta comes before its snapshot.
      if (fault === undefined && registry.isBehind && this.isCurrent) return;
      this.#note(fault ?? (registry.isBehind ? 'changes were announced that are missing here' : undefined));
    } catch (error) {
      this.#note(error instanceof AppError ? error.message : 'the registry cannot be read', error);
    }
  }

  async #take(entries: readonly Delivered<GatewayRegistryBody>[]): Promise<void> {
    const { registry, logger } = this.#deps;
    let news = false;
    for (const { body } of entries) {
      const outcome = registry.apply(body);
      // What is known already may come from a Redis that was set back.
      news ||= outcome !== 'known';
      if (outcome !== 'gap') continue;
      logger.info(
        { event: 'registry_gap', known: registry.version, version: body.version },
        'versions are missing, the snapshot is loaded',
      );
      await this.#load();
      // Brings the same entries again; by then the backend has a snapshot that leads up to them.
      if ((registry.version ?? -1) < body.version)
        throw new AppError('UNAVAILABLE', 'the registry snapshot is older than the deltas');
    }
    if (news && !registry.isBehind) this.#heardAt = this.#now();
  }

  /** Why what stands in Redis does not tell that the registry here is the newest one. */
  #doubt(stored: number | undefined): string | undefined {
    const { version = -1 } = this.#deps.registry;
    if (stored === undefined) return 'there is no registry in Redis: the backend makes it';
    if (stored < version) return 'the registry in Redis is older than the one known here';
    return stored > version
      ? 'the registry in Redis does not have the version that stands beside it'
      : undefined;
  }

  async #load(): Promise<void> {
    const { registry, snapshots, logger } = this.#deps;
    const snapshot = await snapshots.read();
    if (snapshot === undefined || !registry.load(snapshot)) return;
    const { version, frozen, gateways } = snapshot;
    logger.info({ event: 'registry_loaded', version, frozen, gateways: gateways.length }, 'registry loaded');
  }

  /** A fault is logged when it is a new one, and once more when it is over. */
  #note(fault: string | undefined, error?: unknown): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    const { logger } = this.#deps;
    if (fault === undefined) logger.info({ event: 'registry_current' }, 'the registry is up to date');
    else logger.warn({ event: 'registry_not_current', reason: fault, error }, fault);
  }
}

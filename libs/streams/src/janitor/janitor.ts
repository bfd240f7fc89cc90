import { janitorLeaseKey, streamContracts } from '@viw/contracts';
import { PeriodicTask } from '@viw/runtime';
import type { Component, Logger, Metrics } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { RedisLease } from '../redis/redis-lease';
import { janitorMetrics } from './janitor-metrics';
import type { JanitorMetrics } from './janitor-metrics';
import { isAboutOneStream, trimStream } from './trim-stream';
import type { TrimTarget } from './trim-stream';

export interface StreamJanitorOptions {
  /** By default every stream of the contracts that has expected groups; dead-letter streams are never among them. */
  readonly targets?: readonly TrimTarget[];
  /** Entries younger than this stay for inspection even when everybody has them, milliseconds; 600 000 by default. */
  readonly keepMs?: number;
  /** From one look to the next, milliseconds; 10 000 by default. A janitor that dies is replaced after three. */
  readonly everyMs?: number;
  readonly leaseKey?: string;
}

export interface StreamJanitorDeps {
  /** Role `command`. Stays the caller's. */
  readonly redis: Redis;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Cuts per stream and turn: a backlog is worked off over several turns, the lease renewed between streams. */
const MAX_CUTS = 100;

/**
 * Removes entries that every expected group has acknowledged; of all processes that run one, a single one works. A
 * stream with a missing group is left alone (`viw_stream_trim_refused`), and so are streams without expected groups.
 */
export class StreamJanitor implements Component {
  readonly name = 'stream-janitor';
  readonly #targets: readonly TrimTarget[];
  readonly #keepMs: number;
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #metrics: JanitorMetrics;
  readonly #lease: RedisLease;
  readonly #task: PeriodicTask;
  /** Missing groups by stream, as told last: each change is told once. */
  readonly #refused = new Map<string, readonly string[]>();

  constructor(options: StreamJanitorOptions, { redis, logger, metrics }: StreamJanitorDeps) {
    const { everyMs = 10_000, keepMs = 600_000, leaseKey = janitorLeaseKey } = options;
    this.#targets = options.targets ?? streamContracts.filter(({ groups }) => groups.length > 0);
    this.#keepMs = keepMs;
    this.#redis = redis;
    this.#logger = logger;
    this.#metrics = janitorMetrics(metrics);
    this.#lease = new RedisLease({ key: leaseKey, ttlMs: 3 * everyMs }, { redis });
    this.#task = new PeriodicTask(
      { name: this.name, everyMs, jitterMs: everyMs / 10, failureEvent: 'stream_janitor_failed' },
      { run: (signal) => this.#turn(signal), logger },
    );
  }

  start(): void {
    this.#task.start();
  }

  /** Lets the cut under way end and gives the lease back, so that another takes over at its next turn. */
  async stop(): Promise<void> {
    await this.#task.stop();
    this.#metrics.leading.set(0);
    await this.#lease.release().catch(() => undefined);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    // While Redis is away its readiness says so; a warning per turn would add nothing.
    if (this.#redis.status !== 'ready') return;
    for (const target of this.#targets) {
      const leading = !signal.aborted && (await this.#lease.hold());
      this.#metrics.leading.set(leading ? 1 : 0);
      if (!leading) return this.#forget();
      try {
        await this.#trim(target, signal);
      } catch (error) {
        if (!isAboutOneStream(error)) throw error;
        this.#logger.error(
          { event: 'stream_trim_failed', stream: target.stream, error },
          'stream not trimmed',
        );
      }
    }
  }

  async #trim(target: TrimTarget, signal: AbortSignal): Promise<void> {
    const labels = { stream: target.stream };
    for (let cuts = 0; cuts < MAX_CUTS && !signal.aborted; cuts++) {
      const result = await trimStream(this.#redis, target, { keepMs: this.#keepMs });
      this.#tell(target, result.kind === 'refused' ? result.missing : []);
      if (result.kind !== 'trimmed') return;
      this.#metrics.length.set(labels, result.length);
      if (result.trimmed === 0) return;
      this.#metrics.trimmed.inc(labels, result.trimmed);
      this.#logger.debug(
        { event: 'stream_trimmed', ...labels, entries: result.trimmed, left: result.length },
        'stream trimmed',
      );
    }
  }

  #tell({ stream, groups }: TrimTarget, missing: readonly string[]): void {
    const before = this.#refused.get(stream) ?? [];
    for (const group of groups) this.#metrics.refused.set({ stream, group }, missing.includes(group) ? 1 : 0);
    if (missing.join() === before.join()) return;
    this.#refused.set(stream, missing);
    if (missing.length > 0)
      this.#logger.warn(
        { event: 'stream_trim_refused', stream, missing },
        'stream is not trimmed: an expected group is missing',
      );
    else
      this.#logger.info(
        { event: 'stream_trim_resumed', stream },
        'every expected group exists, the stream is trimmed',
      );
  }

  /** What another process knows better is not reported here. */
  #forget(): void {
    this.#refused.clear();
    this.#metrics.length.reset();
    this.#metrics.refused.reset();
  }
}

import type { StreamBody, StreamContract } from '@viw/contracts';
import type { Redis } from 'ioredis';
import { AppError, fullJitter, sleep } from '@viw/runtime';
import type { BackoffRange, Logger, Metrics } from '@viw/runtime';
import { BlockingClient } from '../consume/blocking-client';
import { decodeEntry } from '../entry/entry';
import { firstId } from '../entry/entry-id';
import { findGap, lastIdOf } from './follow-gap';
import type { Gap } from './follow-gap';
import { streamMetrics } from '../metrics';
import type { StreamMetrics } from '../metrics';
import type { Delivered } from '../consume/outcome';
import type { RawEntry } from '../entry/raw-entry';
import { readEntries } from '../entry/raw-entry';
import { clientFactory } from '../redis/redis-source';
import type { RedisSource } from '../redis/redis-source';
import { isRetryable } from '../consume/retryable';

export interface StreamFollowerOptions<C extends StreamContract> {
  readonly contract: C;
  /** Another key than the contract's. */
  readonly stream?: string;
  /** `$`: what is added after `start`. Otherwise the last stream id already known; `0-0` for everything. */
  readonly from: string;
  /** For CLIENT LIST. */
  readonly name: string;
  /** How long one read waits, milliseconds; 2 000 by default. */
  readonly blockMs?: number;
  /** Entries per read; 200 by default. */
  readonly count?: number;
  readonly backoff?: BackoffRange;
}

export interface StreamFollowerDeps<C extends StreamContract> extends RedisSource {
  /** Retryable errors bring the same entries again; after any other error they are skipped and logged. */
  readonly handler: (entries: readonly Delivered<StreamBody<C>>[]) => Promise<void> | void;
  /**
   * Entries after the wanted id may be gone: load the state again. A returned stream id is where to read on; without
   * one reading goes on with what is left. Retried until it succeeds.
   */
  readonly onGap?: (gap: Gap) => Promise<string | void> | string | void;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/** Reads a stream without a group: every follower gets every entry, from its own position, which it keeps itself. */
export class StreamFollower<C extends StreamContract> {
  readonly name: string;
  readonly #options: StreamFollowerOptions<C>;
  readonly #deps: StreamFollowerDeps<C>;
  readonly #key: string;
  readonly #blockMs: number;
  readonly #metrics: StreamMetrics | undefined;
  readonly #reader: BlockingClient;
  readonly #stopping = new AbortController();
  #position: string | undefined;
  #checked = -1;
  #loop: Promise<void> | undefined;

  constructor(options: StreamFollowerOptions<C>, deps: StreamFollowerDeps<C>) {
    this.#options = options;
    this.#deps = deps;
    this.#key = options.stream ?? options.contract.stream;
    this.#blockMs = options.blockMs ?? 2_000;
    this.name = `follower:${this.#key}`;
    this.#position = options.from === '$' ? undefined : options.from;
    this.#metrics = deps.metrics && streamMetrics(deps.metrics);
    const name = `${options.name}:${this.#key}`;
    const createClient = clientFactory(deps, { name, blockMs: this.#blockMs, logger: deps.logger });
    this.#reader = new BlockingClient(
      { stuckAfterMs: this.#blockMs + 8_000 },
      { createClient: () => createClient('blocking'), logger: deps.logger },
    );
  }

  /** Stream id of the last entry handled; `undefined` until the end of the stream has been found for `$`. */
  get position(): string | undefined {
    return this.#position;
  }

  /** Begins to read; does not wait for Redis to be there. */
  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new AppError('UNAVAILABLE', 'the follower stops'));
    // Nothing is pending without a group, so a blocked read may simply be cut off.
    await this.#reader.stop();
    await this.#loop;
    await this.#reader.stop();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backoff = this.#options.backoff ?? { baseMs: 50, capMs: 2_000 };
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#turn(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ === 0) {
          const { logger } = this.#deps;
          logger.warn(
            { event: 'stream_follow_failed', stream: this.#key, error },
            'cannot follow, trying again',
          );
        }
        await sleep(20 + fullJitter(backoff, failures), signal).catch(() => undefined);
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const count = this.#options.count ?? 200;
    const entries = await this.#reader.run(async (redis) => {
      this.#position ??= await lastIdOf(redis, this.#key);
      if (this.#reader.generation !== this.#checked) await this.#check(redis);
      const reply = await redis.xread(
        'COUNT',
        count,
        'BLOCK',
        this.#blockMs,
        'STREAMS',
        this.#key,
        this.#position,
      );
      return readEntries(reply);
    }, signal);
    // Being behind is how a follower gets overtaken by trimming; so is a stream that was deleted and began anew.
    if (entries.length === count || entries.length === 0) this.#checked = -1;
    if (entries.length > 0) await this.#handle(entries);
  }

  async #check(redis: Redis): Promise<void> {
    const generation = this.#reader.generation;
    const gap = await findGap(redis, this.#key, this.#position ?? firstId);
    if (gap) {
      this.#metrics?.gaps.inc({ stream: this.#options.contract.stream });
      this.#deps.logger.warn(
        { event: 'stream_gap', stream: this.#key, ...gap },
        'entries were trimmed unread',
      );
      const resumeAt = await this.#deps.onGap?.(gap);
      this.#position = resumeAt ?? gap.resumeAt;
    }
    this.#checked = generation;
  }

  async #handle(entries: readonly RawEntry[]): Promise<void> {
    const { handler, logger } = this.#deps;
    const delivered = entries.flatMap((entry) => this.#decode(entry));
    try {
      if (delivered.length > 0) await handler(delivered);
    } catch (error) {
      if (isRetryable(error)) throw error;
      logger.error(
        { event: 'stream_follow_skipped', stream: this.#key, entries: delivered.length, error },
        'skipped',
      );
    }
    this.#position = entries.at(-1)?.id ?? this.#position;
  }

  #decode({ id, fields }: RawEntry): Delivered<StreamBody<C>>[] {
    try {
      const decoded = decodeEntry(this.#options.contract, fields ?? []);
      return [{ id, stream: this.#key, deliveryCount: 1, ...decoded }];
    } catch (error) {
      const { logger } = this.#deps;
      logger.error(
        { event: 'stream_entry_unreadable', stream: this.#key, entry_id: id, error },
        'entry skipped',
      );
      return [];
    }
  }
}

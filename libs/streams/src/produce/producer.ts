import type { Redis } from 'ioredis';
import type { JsonText, StreamBody, StreamBodyInput, StreamContract } from '@viw/contracts';
import { AppError, fullJitter } from '@viw/runtime';
import type { Logger, Metrics } from '@viw/runtime';
import { encodeEntry, encodeValidated } from '../entry/entry';
import type { EncodedEntry, EntryFacts } from '../entry/entry';
import { streamMetrics } from '../metrics';
import type { StreamMetrics } from '../metrics';
import { sendPipeline } from './pipeline-send';
import type { SendResult } from './pipeline-send';
import { PublishQueue } from './publish-queue';
import type { PendingEntry, Priority } from './publish-queue';
import { isRetryable } from '../consume/retryable';
import { ShedError } from './shed-error';

export interface StreamProducerOptions {
  /** Pipelines in flight; 4 by default. More makes throughput collapse, not rise. */
  readonly maxPipelines?: number;
  /** Entries per pipeline; 500 by default. */
  readonly maxBatch?: number;
  /** Entries accepted and not confirmed; 20 000 by default. */
  readonly maxBuffered?: number;
  /** The same in bytes; 64 MiB by default. */
  readonly maxBufferedBytes?: number;
  /** How long `stop` waits for Redis to confirm what is buffered, milliseconds; 5 000 by default. */
  readonly stopTimeoutMs?: number;
}

export interface StreamProducerDeps {
  /** Role `command`. Stays the caller's: `stop` does not close it. */
  readonly redis: Redis;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

export interface PublishOptions extends EntryFacts {
  /** Another key than the contract's: a hub's stream, a mailbox, a partition. */
  readonly stream?: string;
  /** About how many entries the stream keeps. Only for streams without a group: trimming ignores acknowledgements. */
  readonly maxlen?: number;
  /** `essential` by default. */
  readonly priority?: Priority;
  /** Gives up after this long, milliseconds; without it the promise waits for Redis as long as the producer runs. */
  readonly timeoutMs?: number;
}

const BATCH_BYTES = 4 * 1024 * 1024;
/** With so many waiting the turn's end is not waited for: with over 1,024 busy sockets libuv may put it off for a second. */
const EAGER_ENTRIES = 32;
const RESEND = { baseMs: 50, capMs: 1_000 };

/**
 * Adds entries to streams, in the order of `publish` per stream. While Redis is away entries wait in a bounded buffer
 * and are sent again with the same `event_id`; a resent entry may therefore stand in the stream twice.
 */
export class StreamProducer {
  readonly name = 'stream-producer';
  readonly #options: Required<StreamProducerOptions>;
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #metrics: StreamMetrics | undefined;
  readonly #queue = new PublishQueue();
  readonly #open = new Set<PendingEntry>();
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #bytes = 0;
  #seq = 0;
  #pipelines = 0;
  #unsent: PendingEntry[] = [];
  #failures = 0;
  #resendTimer: NodeJS.Timeout | undefined;
  #pumping = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: StreamProducerOptions, { redis, logger, metrics }: StreamProducerDeps) {
    this.#options = {
      maxPipelines: options.maxPipelines ?? 4,
      maxBatch: options.maxBatch ?? 500,
      maxBuffered: options.maxBuffered ?? 20_000,
      maxBufferedBytes: options.maxBufferedBytes ?? 64 * 1024 * 1024,
      stopTimeoutMs: options.stopTimeoutMs ?? 5_000,
    };
    this.#redis = redis;
    this.#logger = logger;
    this.#metrics = metrics && streamMetrics(metrics);
  }

  /** Share of the buffer in use, 0 to 1. Above half of it a hub leaves sockets that send telemetry unread. */
  get pressure(): number {
    const { maxBuffered, maxBufferedBytes } = this.#options;
    return Math.min(1, Math.max(this.#open.size / maxBuffered, this.#bytes / maxBufferedBytes));
  }

  /** Does not wait for Redis: entries are accepted and buffered before it is there. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#redis.on('ready', this.#wake);
    this.#redis.on('end', this.#giveUp);
    if (this.#redis.status === 'wait') this.#redis.connect().catch(() => undefined);
    this.#wake();
  }

  /** Takes nothing new, waits for what is buffered within `stopTimeoutMs`, rejects the rest with UNAVAILABLE. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#wake();
    if (this.#open.size > 0 && this.#redis.status !== 'end') await this.#drained();
    this.#giveUp();
    clearTimeout(this.#resendTimer);
    this.#redis.off('ready', this.#wake);
    this.#redis.off('end', this.#giveUp);
    this.#state = 'stopped';
  }

  /**
   * Resolves with the stream id once Redis has confirmed the entry, not before.
   *
   * @throws PoisonEntryError when the body breaks the contract; ShedError for telemetry dropped by the full buffer;
   *   AppError QUEUE_FULL (retryable) when the buffer is full of essential entries, UNAVAILABLE (retryable) after
   *   `timeoutMs` or at `stop`, INTERNAL_ERROR when Redis refuses this entry for good
   */
  async publish<C extends StreamContract>(
    contract: C,
    body: StreamBodyInput<C>,
    options: PublishOptions = {},
  ): Promise<string> {
    return this.#add(contract, encodeEntry(contract, body, options), options);
  }

  /** The same for a body whose every part has been validated in this process already. */
  async publishValidated<C extends StreamContract>(
    contract: C,
    body: JsonText<StreamBody<C>>,
    options: PublishOptions = {},
  ): Promise<string> {
    return this.#add(contract, encodeValidated(contract, body, options), options);
  }

  #add(contract: StreamContract, { fields }: EncodedEntry, options: PublishOptions): Promise<string> {
    if (this.#state === 'stopping' || this.#state === 'stopped') {
      throw new AppError('UNAVAILABLE', 'the producer has been stopped');
    }
    const trim = options.maxlen === undefined ? [] : ['MAXLEN', '~', String(options.maxlen)];
    const args = [...trim, '*', ...fields];
    const priority = options.priority ?? 'essential';
    const size = args.reduce((sum, arg) => sum + arg.length, 0);
    this.#makeRoom(contract.stream, priority, size);
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(
              () => entry.fail(new AppError('UNAVAILABLE', 'Redis did not confirm in time')),
              timeoutMs,
            );
      const settle = (then: () => void): void => {
        if (entry.settled) return;
        entry.settled = true;
        clearTimeout(timer);
        this.#settled(entry);
        then();
      };
      const entry: PendingEntry = {
        seq: this.#seq++,
        key: options.stream ?? contract.stream,
        stream: contract.stream,
        priority,
        args,
        size,
        settled: false,
        confirm: (id) => settle(() => resolve(id)),
        fail: (error) => settle(() => reject(error)),
      };
      this.#open.add(entry);
      this.#bytes += size;
      this.#metrics?.buffered.set(this.#open.size);
      this.#queue.push(entry);
      this.#wake();
    });
  }

  #makeRoom(stream: string, priority: Priority, size: number): void {
    const { maxBuffered, maxBufferedBytes } = this.#options;
    if (this.#queue.length > 2 * maxBuffered) this.#queue.sweep();
    while (this.#open.size >= maxBuffered || (this.#bytes + size > maxBufferedBytes && this.#open.size > 0)) {
      const oldest = this.#queue.oldestTelemetry();
      if (!oldest && priority === 'essential') {
        throw new AppError('QUEUE_FULL', 'the stream producer is full', { meta: { retry_after_s: 1 } });
      }
      this.#metrics?.shed.inc({ stream: oldest?.stream ?? stream });
      if (!oldest) throw new ShedError(stream);
      oldest.fail(new ShedError(oldest.stream));
    }
  }

  /** Entries published in the same turn of the event loop go out together. */
  readonly #wake = (): void => {
    if (this.#queue.length >= EAGER_ENTRIES) this.#pump();
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  };

  #pump(): void {
    if (this.#state !== 'running' && this.#state !== 'stopping') return;
    // After a failure nothing is sent until all pipelines are back, so that resending keeps the order.
    while (
      this.#redis.status === 'ready' &&
      this.#unsent.length === 0 &&
      this.#resendTimer === undefined &&
      this.#pipelines < this.#options.maxPipelines
    ) {
      const batch = this.#queue.take(this.#options.maxBatch, BATCH_BYTES);
      if (batch.length === 0) return;
      this.#pipelines += 1;
      void sendPipeline(this.#redis, batch).then((results) => this.#answered(batch, results));
    }
  }

  #answered(batch: readonly PendingEntry[], results: readonly SendResult[]): void {
    this.#pipelines -= 1;
    const failed: Error[] = [];
    batch.forEach((entry, index) => {
      const result = results[index];
      if (!result) return;
      if ('id' in result) {
        this.#metrics?.published.inc({ stream: entry.stream });
        entry.confirm(result.id);
      } else if (isRetryable(result.error)) {
        this.#unsent.push(entry);
        failed.push(result.error);
      } else {
        entry.fail(new AppError('INTERNAL_ERROR', 'Redis refused the entry', { cause: result.error }));
      }
    });
    const [error] = failed;
    if (error && this.#failures++ === 0) {
      this.#logger.warn(
        { event: 'stream_publish_failed', entries: failed.length, error },
        'entries will be resent',
      );
    }
    if (!error && this.#unsent.length === 0) this.#failures = 0;
    if (this.#unsent.length > 0 && this.#pipelines === 0) this.#resendLater();
    this.#wake();
  }

  #resendLater(): void {
    this.#queue.putBack(this.#unsent);
    this.#unsent = [];
    this.#resendTimer = setTimeout(
      () => {
        this.#resendTimer = undefined;
        this.#wake();
      },
      5 + fullJitter(RESEND, this.#failures),
    );
  }

  #settled(entry: PendingEntry): void {
    this.#open.delete(entry);
    this.#bytes -= entry.size;
    this.#metrics?.buffered.set(this.#open.size);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.stopTimeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  readonly #giveUp = (): void => {
    if (this.#open.size > 0) {
      this.#logger.warn(
        { event: 'stream_publish_abandoned', entries: this.#open.size },
        'entries were not confirmed',
      );
    }
    for (const entry of [...this.#open])
      entry.fail(new AppError('UNAVAILABLE', 'Redis did not confirm the entry'));
  };
}

import type { StreamBody, StreamContract } from '@viw/contracts';
import type { Redis } from 'ioredis';
import { AppError, fullJitter, sleep } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { Acknowledger } from './acknowledge';
import { BatchWork } from './batch-work';
import { BlockingClient } from './blocking-client';
import { Claimer } from './claim';
import { CommandClient } from './command-client';
import { closeRedis, waitUntilReady } from '../redis/connection';
import { consumerSettings } from './consumer-options';
import type { ConsumerSettings, StreamConsumerDeps, StreamConsumerOptions } from './consumer-options';
import { DeadLetters } from './dead-letters';
import { endOfLoop } from './end-of-loop';
import { sampleGroup } from './group-gauges';
import { ensureGroup, isGroupGone, readNew } from './group-reader';
import { Intake } from './intake';
import type { Accepted } from './intake';
import { Liveness } from './liveness';
import { streamMetrics } from '../metrics';
import type { StreamMetrics } from '../metrics';
import { OwnPending } from './own-pending';
import { ReadAhead } from './read-ahead';
import type { RawEntry } from '../entry/raw-entry';
import { clientFactory } from '../redis/redis-source';
import { removeConsumerIfEmpty } from './remove-consumer';
import { OwnershipRenewal } from './renewal';

export type ConsumerState = 'new' | 'connecting' | 'reading' | 'handling' | 'stopped';

/** A read that has outlived BLOCK and the socket's own limit by this much hangs. Milliseconds. */
const STUCK_MARGIN_MS = 8_000;

/**
 * One member of a consumer group on one stream (README.md has the guarantees). Owns two connections: one that reads,
 * one for everything else. Batches are handled one after the other.
 */
export class StreamConsumer<C extends StreamContract> {
  readonly name: string;
  readonly #settings: ConsumerSettings;
  readonly #label: string;
  readonly #logger: Logger;
  readonly #metrics: StreamMetrics | undefined;
  readonly #reader: BlockingClient;
  readonly #acknowledger: Acknowledger;
  readonly #intake: Intake<C>;
  readonly #readAhead: ReadAhead<C>;
  readonly #batchWork: BatchWork<StreamBody<C>>;
  readonly #ownPending: OwnPending;
  readonly #claimer: Claimer;
  readonly #liveness: Liveness;
  readonly #renewal: OwnershipRenewal;
  readonly #stopping = new AbortController();
  readonly #command: CommandClient;
  #loop: Promise<void> | undefined;
  #state: ConsumerState = 'new';
  /** Connection for which group and liveness key are known to exist; -1 for none. */
  #prepared = -1;
  #claimAt = 0;

  constructor(options: StreamConsumerOptions<C>, deps: StreamConsumerDeps<C>) {
    const settings = consumerSettings(options);
    const { member, blockMs, livenessTtlMs } = settings;
    this.name = `consumer:${member.stream}`;
    this.#settings = settings;
    this.#label = options.contract.stream;
    this.#logger = deps.logger.child({
      stream: member.stream,
      group: member.group,
      consumer: member.consumer,
    });
    this.#metrics = deps.metrics && streamMetrics(deps.metrics);
    const createClient = clientFactory(deps, {
      name: `${member.consumer}:${member.stream}`,
      blockMs,
      logger: this.#logger,
    });
    this.#command = new CommandClient({ createClient: () => createClient('command') });
    const shared = { logger: this.#logger, metrics: this.#metrics };
    const redis = (): Redis => this.#command.redis;
    this.#reader = new BlockingClient(
      { stuckAfterMs: blockMs + STUCK_MARGIN_MS },
      { createClient: () => createClient('blocking'), logger: this.#logger },
    );
    this.#acknowledger = new Acknowledger(member, { redis });
    this.#intake = new Intake(
      { contract: options.contract, member, maxDeliveries: settings.maxDeliveries },
      { acknowledger: this.#acknowledger, ...shared },
    );
    this.#readAhead = new ReadAhead({ intake: this.#intake, acknowledger: this.#acknowledger });
    this.#batchWork = new BatchWork(
      { stream: this.#label, group: member.group, backoff: settings.backoff },
      {
        handler: deps.handler,
        acknowledger: this.#acknowledger,
        deadLetters: new DeadLetters(member, options.contract.stream, { redis }),
        ...shared,
      },
    );
    this.#ownPending = new OwnPending(member);
    this.#claimer = new Claimer(member, { minIdleMs: settings.minIdleMs, graceMs: livenessTtlMs / 3 });
    this.#liveness = new Liveness(member, { ttlMs: livenessTtlMs }, { redis });
    this.#renewal = new OwnershipRenewal(
      member,
      { everyMs: settings.minIdleMs / 3 },
      { redis, acknowledger: this.#acknowledger, intake: this.#intake, onLost: deps.onLost, ...shared },
    );
  }

  /** For health checks: `connecting` for long means that Redis is away. */
  get state(): ConsumerState {
    return this.#state;
  }

  /** How many entries wait for `acknowledge` or `redeliver`. */
  get held(): number {
    return this.#acknowledger.held.size;
  }

  /** Begins to read; does not wait for Redis to be there. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'connecting';
    this.#command.start();
    this.#liveness.start(async () => {
      if (this.#metrics)
        await sampleGroup(this.#command.redis, this.#settings.member, this.#metrics, this.#label);
    });
    this.#renewal.start();
    this.#loop = this.#run(this.#stopping.signal);
  }

  /**
   * Ends entries that a handler held. They are not handed out again even when Redis cannot be told at once: the
   * acknowledgement is repeated. In that case only, a death of this process hands them out once more.
   * @returns whether Redis has confirmed it
   */
  async acknowledge(ids: readonly string[]): Promise<boolean> {
    try {
      await this.#acknowledger.acknowledge(ids);
      return true;
    } catch (error) {
      this.#logger.warn(
        { event: 'stream_ack_delayed', entries: ids.length, error },
        'acknowledgement will be repeated',
      );
      return false;
    }
  }

  /** Hands held entries to the handler again, within `blockMs`. */
  redeliver(ids: readonly string[]): void {
    this.#acknowledger.release(ids);
    this.#ownPending.restart();
  }

  /**
   * Asks Redis now which entries in hand are still this consumer's, instead of at the next renewal. The others are told
   * to `onLost`, or to the handler at work, before this resolves. Rejects without Redis.
   */
  verifyOwnership(): Promise<void> {
    return this.#renewal.verify();
  }

  /**
   * Stops reading, lets the handler finish its batch, acknowledges it, leaves the group when nothing is pending and
   * closes the connections. What is held stays pending.
   */
  async stop(): Promise<void> {
    if (this.#state === 'stopped' || !this.#loop) return;
    this.#stopping.abort(new AppError('UNAVAILABLE', 'the consumer stops'));
    const ended = await endOfLoop(this.#loop, {
      unblock: () => this.#reader.unblock(this.#command.redis),
      timeoutMs: this.#settings.stopTimeoutMs,
    });
    if (!ended) this.#logger.error({ event: 'stream_stop_late' }, 'the handler did not finish in time');
    this.#liveness.stop();
    this.#renewal.stop();
    this.#state = 'stopped';
    this.#command.stop();
    try {
      await this.#acknowledger.flush();
      await removeConsumerIfEmpty(this.#command.redis, this.#settings.member);
      await this.#liveness.clear();
    } catch (error) {
      if (!isGroupGone(error))
        this.#logger.warn({ event: 'stream_leave_failed', error }, 'left without telling Redis');
    }
    await this.#reader.stop();
    await closeRedis(this.#command.redis);
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted || this.#readAhead.begun;) {
      try {
        await this.#turn(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#state = 'connecting';
        this.#prepared = -1;
        if (isGroupGone(error)) {
          this.#logger.warn(
            { event: 'stream_group_gone', error },
            'consumer group is gone, it is made again',
          );
          if (failures++ === 0) continue;
        } else if (failures++ === 0) {
          this.#logger.warn({ event: 'stream_read_failed', error }, 'cannot read, trying again');
        }
        await sleep(20 + fullJitter({ baseMs: 50, capMs: 2_000 }, failures), signal).catch(() => undefined);
      }
    }
  }

  /**
   * One step, in this order: what was read ahead, group, late acknowledgements, own pending entries, those of the dead,
   * new ones.
   */
  async #turn(signal: AbortSignal): Promise<void> {
    const { member, batchSize, blockMs, claimEveryMs } = this.#settings;
    const ahead = await this.#readAhead.take();
    if (ahead) return this.#process(ahead, signal);
    if (this.#reader.generation !== this.#prepared) await this.#prepare(signal);
    await this.#acknowledger.flush();
    this.#state = 'reading';
    if (!this.#ownPending.finished) {
      const pending = await this.#reader.run((redis) => this.#ownPending.next(redis, batchSize), signal);
      return this.#process(this.#intake.accept(pending.entries, pending.deliveries), signal);
    }
    if (performance.now() >= this.#claimAt) {
      const { entries, deliveries, lost } = await this.#claimer.next(this.#command.redis, batchSize);
      if (lost.length > 0) this.#intake.reportLost(lost);
      if (entries.length === 0 && lost.length === 0) this.#claimAt = performance.now() + claimEveryMs;
      else {
        this.#metrics?.claimed.inc({ stream: this.#label, group: member.group }, entries.length);
        this.#logger.info(
          { event: 'stream_claimed', entries: entries.length },
          'took over from a dead consumer',
        );
      }
      if (entries.length > 0) return this.#process(this.#intake.accept(entries, deliveries), signal);
    }
    await this.#process(this.#intake.accept(await this.#readNew(blockMs, signal)), signal);
  }

  #readNew(blockMs: number, signal: AbortSignal): Promise<RawEntry[]> {
    const { member, batchSize } = this.#settings;
    return this.#reader.run(
      // After a reconnect the own pending list comes first.
      async (redis) =>
        this.#reader.generation === this.#prepared && this.#ownPending.finished
          ? readNew(redis, member, { count: batchSize, blockMs })
          : [],
      signal,
    );
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    await waitUntilReady(this.#command.redis, { signal });
    const generation = await this.#reader.run(async (redis) => {
      const before = this.#reader.generation;
      await this.#liveness.touch();
      if (await ensureGroup(redis, this.#settings.member)) {
        this.#logger.info({ event: 'stream_group_created' }, 'consumer group created');
      }
      return before;
    }, signal);
    this.#ownPending.restart();
    this.#claimer.forget();
    this.#prepared = generation;
  }

  async #process({ work, dead, lost }: Accepted<StreamBody<C>>, signal: AbortSignal): Promise<void> {
    if (lost.length > 0) await this.acknowledge(lost);
    if (work.length + dead.length === 0) return;
    this.#state = 'handling';
    this.#acknowledger.begin([...dead.map(({ entry }) => entry.id), ...work.map(({ raw }) => raw.id)]);
    if (work.length + dead.length >= this.#settings.batchSize) this.#beginReadAhead(signal);
    try {
      const unreadable = dead.filter(({ entry }) => !this.#acknowledger.isDisowned(entry.id));
      if (unreadable.length > 0 && (await this.#batchWork.setAside(unreadable, signal))) {
        await this.acknowledge(unreadable.map(({ entry }) => entry.id));
      }
      await this.#batchWork.run(work, signal);
    } finally {
      this.#acknowledger.end();
    }
  }

  /** Not when something else has its turn first. */
  #beginReadAhead(signal: AbortSignal): void {
    if (!this.#settings.readAhead || signal.aborted || !this.#ownPending.finished) return;
    if (performance.now() >= this.#claimAt) return;
    this.#readAhead.begin(() => this.#readNew(0, signal));
  }
}

import type { StreamBody, StreamContract } from '@viw/contracts';
import type { BackoffRange, Logger, Metrics } from '@viw/runtime';
import type { GroupMember } from './group-reader';
import type { BatchHandler } from './outcome';
import type { RedisSource } from '../redis/redis-source';

export interface StreamConsumerOptions<C extends StreamContract> {
  readonly contract: C;
  /** Another key than the contract's: a hub's stream, a mailbox, a partition. */
  readonly stream?: string;
  readonly group: string;
  /**
   * Name within the group: the same again after a restart of the same instance, so that it finds its own pending
   * entries, and never that of another living instance.
   */
  readonly consumer: string;
  /** Entries per read; 200 by default. Read only what is handled well within `minIdleMs`; 1 for long work. */
  readonly batchSize?: number;
  /**
   * Reads the next batch while the handler is busy, as long as batches come full: twice `batchSize` is in hand then. For
   * quick handlers with a backlog; off by default, since what is read ahead is kept from idle members of the group.
   */
  readonly readAhead?: boolean;
  /** How long one read waits, milliseconds; 2 000 by default. */
  readonly blockMs?: number;
  /**
   * How long an entry of a dead consumer must have been idle before it is taken over, milliseconds; 60 000 by default.
   * Entries in the hands of a handler, or held, are renewed three times as often.
   */
  readonly minIdleMs?: number;
  /** Lifetime of the liveness key, milliseconds; 30 000 by default. */
  readonly livenessTtlMs?: number;
  /** Pause between two looks for dead consumers, milliseconds; 10 000 by default. */
  readonly claimEveryMs?: number;
  /**
   * Sets an entry aside untried when it has been handed out more often. Off by default: restarts during an outage
   * count too, so a low limit turns an outage into data set aside.
   */
  readonly maxDeliveries?: number;
  /** Pauses during an outage; 100 ms to 10 s with full jitter by default. */
  readonly backoff?: BackoffRange;
  /** How long `stop` waits for the handler, milliseconds; 20 000 by default. */
  readonly stopTimeoutMs?: number;
}

export interface StreamConsumerDeps<C extends StreamContract> extends RedisSource {
  readonly handler: BatchHandler<StreamBody<C>>;
  /**
   * Held entries that are not this consumer's any more: another has taken them over, or they are gone. They are not
   * held from here on; whoever works on them should stop.
   */
  readonly onLost?: (ids: readonly string[]) => void;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

export interface ConsumerSettings {
  readonly member: GroupMember;
  readonly batchSize: number;
  readonly readAhead: boolean;
  readonly blockMs: number;
  readonly minIdleMs: number;
  readonly livenessTtlMs: number;
  readonly claimEveryMs: number;
  readonly maxDeliveries: number;
  readonly backoff: BackoffRange;
  readonly stopTimeoutMs: number;
}

export function consumerSettings(options: StreamConsumerOptions<StreamContract>): ConsumerSettings {
  const { contract, stream = contract.stream, group, consumer } = options;
  return {
    member: { stream, group, consumer },
    batchSize: options.batchSize ?? 200,
    readAhead: options.readAhead ?? false,
    blockMs: options.blockMs ?? 2_000,
    minIdleMs: options.minIdleMs ?? 60_000,
    livenessTtlMs: options.livenessTtlMs ?? 30_000,
    claimEveryMs: options.claimEveryMs ?? 10_000,
    maxDeliveries: options.maxDeliveries ?? Infinity,
    backoff: options.backoff ?? { baseMs: 100, capMs: 10_000 },
    stopTimeoutMs: options.stopTimeoutMs ?? 20_000,
  };
}

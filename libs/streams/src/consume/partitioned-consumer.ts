import { partitionStreams } from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import { StreamConsumer } from './consumer';
import type { ConsumerState } from './consumer';
import type { StreamConsumerDeps, StreamConsumerOptions } from './consumer-options';

export interface PartitionedConsumerOptions<C extends StreamContract> extends Omit<
  StreamConsumerOptions<C>,
  'stream'
> {
  /** The same number everywhere; 1 reads the plain stream. */
  readonly partitions: number;
}

/**
 * A consumer of every partition of a stream, each with its own connections and its own blocked read. Partitions are
 * handled at the same time, batches of one partition one after the other; so the order of each agent is kept.
 */
export class PartitionedConsumer<C extends StreamContract> implements Component {
  readonly name: string;
  readonly #consumers: readonly StreamConsumer<C>[];

  constructor(options: PartitionedConsumerOptions<C>, deps: StreamConsumerDeps<C>) {
    const { partitions, ...rest } = options;
    if (!Number.isInteger(partitions) || partitions < 1)
      throw new AppError('CONFIG_INVALID', 'the number of partitions must be 1 or more');
    this.name = `consumer:${options.contract.stream}`;
    this.#consumers = partitionStreams(options.contract.stream, partitions).map(
      (stream) => new StreamConsumer({ ...rest, stream }, deps),
    );
  }

  /** `connecting` when one partition cannot be read. */
  get state(): ConsumerState {
    const states = this.#consumers.map(({ state }) => state);
    return states.find((state) => state === 'connecting') ?? states[0] ?? 'new';
  }

  start(): void {
    for (const consumer of this.#consumers) consumer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
  }
}

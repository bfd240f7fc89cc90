import { change, streamContract, streams } from '@viw/contracts';
import type { StreamBody } from '@viw/contracts';
import { createLogger, createMetrics } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { createRedis, StreamConsumer, StreamProducer, waitUntilReady } from '../src/index';
import type { BatchHandler, Outcomes, StreamConsumerOptions } from '../src/index';

export const logger = createLogger({ service: 'streams-test', level: 'silent' });
/** Of the tests' own: small, with an id to tell entries apart. */
export const contract = streamContract(streams.changes, 1, change, [{ kind: 'gateway', id: '1' }]);
export type Contract = typeof contract;
type Body = StreamBody<Contract>;

let serial = 0;
/** A key no other test uses. */
export const uniqueStream = (): string => `viw.test.${process.pid}.${++serial}`;

/** Things to stop after a test, the last first. */
export class Cleanup {
  readonly #steps: (() => Promise<unknown> | void)[] = [];
  add<T extends { stop(): Promise<unknown> | void }>(thing: T): T {
    this.#steps.push(() => thing.stop());
    return thing;
  }
  client(redis: Redis): Redis {
    this.#steps.push(() => redis.disconnect());
    return redis;
  }
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) await step();
  }
}

export async function connect(url: string, cleanup: Cleanup): Promise<Redis> {
  const redis = cleanup.client(createRedis(url, { role: 'command', name: 'test' }));
  await waitUntilReady(redis);
  return redis;
}

export function startProducer(
  redis: Redis,
  cleanup: Cleanup,
  options: ConstructorParameters<typeof StreamProducer>[0] = {},
  metrics?: Metrics,
): StreamProducer {
  const producer = cleanup.add(new StreamProducer(options, { redis, logger, ...(metrics && { metrics }) }));
  producer.start();
  return producer;
}

export const body = (id: string | number): Body => ({ kind: 'gateway', id: String(id) });

/** Adds entries one by one, and waits for all. */
export async function publishAll(
  producer: StreamProducer,
  stream: string,
  ids: readonly number[],
): Promise<string[]> {
  return Promise.all(ids.map((id) => producer.publish(contract, body(id), { stream })));
}

export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => i + from);

export interface Recorder {
  readonly handler: BatchHandler<Body>;
  /** Body ids in the order of handling. */
  readonly seen: string[];
  readonly batches: string[][];
  readonly deliveries: Map<string, number>;
  /** Called before an entry counts as seen; may throw or give outcomes. */
  before: (ids: string[], entryIds: string[]) => Promise<Outcomes | void> | Outcomes | void;
}

export function recorder(): Recorder {
  const record: Recorder = {
    seen: [],
    batches: [],
    deliveries: new Map(),
    before: () => undefined,
    handler: async (batch) => {
      const ids = batch.map((entry) => entry.body.id);
      record.batches.push(ids);
      for (const entry of batch) record.deliveries.set(entry.body.id, entry.deliveryCount);
      const outcomes = await record.before(
        ids,
        batch.map((entry) => entry.id),
      );
      record.seen.push(...ids);
      return outcomes;
    },
  };
  return record;
}

export function startConsumer(
  redisUrl: string,
  stream: string,
  handler: BatchHandler<Body>,
  cleanup: Cleanup,
  options: Partial<StreamConsumerOptions<Contract>> = {},
  metrics: Metrics = createMetrics('test'),
): StreamConsumer<Contract> {
  const consumer = cleanup.add(
    new StreamConsumer(
      {
        contract,
        stream,
        group: 'g',
        consumer: 'one',
        blockMs: 300,
        backoff: { baseMs: 5, capMs: 50 },
        stopTimeoutMs: 3_000,
        ...options,
      },
      { redisUrl, handler, logger, metrics },
    ),
  );
  consumer.start();
  return consumer;
}

/** How many entries are pending in the group, for everybody. */
export async function pendingCount(redis: Redis, stream: string): Promise<number> {
  const [count] = (await redis.xpending(stream, 'g')) as [number];
  return count;
}

import { setTimeout as pause } from 'node:timers/promises';
import { OpenLoop, monotonicMs } from '@viw/simulator';
import { Queue, Worker } from 'bullmq';
import type { RedisWorld } from '../world';

const NAME = 'bench';

/** A job queue without a database on the same Redis: from the moment a job was due to be added to its processing. */
export class BullMq {
  readonly #queue: Queue<{ dueAt: number }>;
  readonly #worker: Worker<{ dueAt: number }>;
  #latencies: number[] = [];

  private constructor(connection: { host: string; port: number }) {
    this.#queue = new Queue(NAME, { connection });
    this.#worker = new Worker(
      NAME,
      async (job) => void this.#latencies.push(monotonicMs() - job.data.dueAt),
      { connection, concurrency: 50 },
    );
    // What fails shows as a job that was not processed.
    this.#queue.on('error', () => undefined);
    this.#worker.on('error', () => undefined);
  }

  static async start(world: RedisWorld): Promise<BullMq> {
    const bull = new BullMq({ host: '127.0.0.1', port: world.redisServer.port });
    world.undo.push(() => bull.stop());
    await Promise.all([bull.#queue.waitUntilReady(), bull.#worker.waitUntilReady()]);
    return bull;
  }

  /** @throws Error when a job is not processed within 10 s */
  async round({
    perSecond,
    durationMs,
  }: {
    readonly perSecond: number;
    readonly durationMs: number;
  }): Promise<readonly number[]> {
    this.#latencies = [];
    const loop = new OpenLoop({ perSecond, durationMs, startAt: monotonicMs() });
    const added: Promise<unknown>[] = [];
    while (!loop.finished) {
      for (let due = loop.take(monotonicMs()); due > 0; due--)
        added.push(this.#queue.add('job', { dueAt: loop.dueAt(added.length) }, { removeOnComplete: true }));
      await pause(1);
    }
    await Promise.all(added);
    const deadline = monotonicMs() + 10_000;
    while (this.#latencies.length < loop.total) {
      if (monotonicMs() > deadline)
        throw new Error(`BullMQ: ${this.#latencies.length} of ${loop.total} jobs were processed`);
      await pause(10);
    }
    return this.#latencies;
  }

  async stop(): Promise<void> {
    await this.#worker.close();
    await this.#queue.close();
  }
}

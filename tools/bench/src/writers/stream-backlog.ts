import { setTimeout as pause } from 'node:timers/promises';
import type { TelemetryPoint } from '@viw/contracts';
import { deadLetterStream, groups, streams, telemetryStream } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { Redis } from 'ioredis';
import { groupProgress } from '../programs/group-progress';

const FRAMES_PER_ENTRY = 10;
const LOOK_EVERY_MS = 5;

/** A backlog of `viw.telemetry` that the writer gets to see all at once. */
export class StreamBacklog {
  readonly #entries: readonly (readonly string[])[];

  constructor(
    frames: readonly TelemetryPoint[],
    private readonly deps: { readonly redis: Redis },
  ) {
    this.#entries = Array.from({ length: Math.ceil(frames.length / FRAMES_PER_ENTRY) }, (_, i) => {
      const own = frames.slice(i * FRAMES_PER_ENTRY, (i + 1) * FRAMES_PER_ENTRY);
      return encodeEntry(telemetryStream, { hub: 'hub-bench', frames: own }).fields;
    });
  }

  /** Under another name, with the writer's group: nobody reads it yet. */
  async fill(): Promise<void> {
    const { redis } = this.deps;
    await redis.del(staged);
    await redis.xgroup('CREATE', staged, groups.telemetryWriter, '0', 'MKSTREAM');
    for (let from = 0; from < this.#entries.length; from += 1_000)
      await Promise.all(
        this.#entries.slice(from, from + 1_000).map((fields) => redis.xadd(staged, '*', ...fields)),
      );
  }

  /**
   * Renames it and waits until every entry is acknowledged, which a writer does after its commit. Seconds.
   * @throws Error when that takes longer than `limitMs`
   */
  async drain(limitMs: number): Promise<number> {
    const startedAt = performance.now();
    await this.deps.redis.rename(staged, streams.telemetry);
    while (!(await this.#isDrained())) {
      if (performance.now() - startedAt > limitMs) throw new Error(`not drained within ${limitMs} ms`);
      await pause(LOOK_EVERY_MS);
    }
    return (performance.now() - startedAt) / 1_000;
  }

  /** @throws Error when entries were set aside or the stream does not hold what was put there */
  async check(): Promise<void> {
    const { redis } = this.deps;
    const dead = await redis.xlen(deadLetterStream(streams.telemetry));
    if (dead > 0) throw new Error(`${dead} entries were set aside as dead letters`);
    const length = await redis.xlen(streams.telemetry);
    if (length !== this.#entries.length)
      throw new Error(`${length} of ${this.#entries.length} entries in the stream`);
  }

  async #isDrained(): Promise<boolean> {
    const of = { stream: streams.telemetry, group: groups.telemetryWriter };
    const { pending, isAtEnd } = await groupProgress(of, this.deps.redis);
    return pending === 0 && isAtEnd;
  }
}

const staged = 'bench.staged';

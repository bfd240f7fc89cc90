import type { Redis } from 'ioredis';
import { firstId } from '../entry/entry-id';
import type { GroupMember } from './group-reader';
import { readEntries } from '../entry/raw-entry';
import type { RawEntry } from '../entry/raw-entry';

export interface PendingEntries {
  readonly entries: readonly RawEntry[];
  /** By entry id. */
  readonly deliveries: ReadonlyMap<string, number>;
}

/**
 * Walks the consumer's own pending list: what was handed to it and never acknowledged, because the process died, the
 * reply was lost, or the acknowledgement was. Must be walked to its end before new entries are asked for.
 */
export class OwnPending {
  readonly #member: GroupMember;
  #cursor: string | undefined = firstId;
  #restarts = 0;

  constructor(member: GroupMember) {
    this.#member = member;
  }

  get finished(): boolean {
    return this.#cursor === undefined;
  }

  /** Counts also while `next` is under way: what it reads then is no reason to go on behind it. */
  restart(): void {
    this.#restarts += 1;
    this.#cursor = firstId;
  }

  /** The next entries and how often each has been handed out; none at the end of the list. */
  async next(redis: Redis, count: number): Promise<PendingEntries> {
    if (this.#cursor === undefined) return { entries: [], deliveries: new Map() };
    const { stream, group, consumer } = this.#member;
    const restarts = this.#restarts;
    const reply = await redis.xreadgroup(
      'GROUP',
      group,
      consumer,
      'COUNT',
      count,
      'STREAMS',
      stream,
      this.#cursor,
    );
    const entries = readEntries(reply);
    const [first, last] = [entries[0]?.id, entries.at(-1)?.id];
    const deliveries =
      first === undefined || last === undefined
        ? new Map<string, number>()
        : await deliveryCounts(redis, this.#member, { first, last, count: entries.length });
    if (restarts === this.#restarts) this.#cursor = last;
    return { entries, deliveries };
  }
}

async function deliveryCounts(
  redis: Redis,
  { stream, group, consumer }: GroupMember,
  { first, last, count }: { first: string; last: string; count: number },
): Promise<Map<string, number>> {
  const reply = await redis.xpending(stream, group, first, last, count, consumer);
  return new Map(
    (reply as [string, string, number, number][]).map(([id, , , deliveries]) => [id, deliveries]),
  );
}

import type { Redis } from 'ioredis';
import { firstId } from '../entry/entry-id';
import type { GroupMember } from './group-reader';
import { readEntries } from '../entry/raw-entry';
import type { RawEntry } from '../entry/raw-entry';

/**
 * Walks the consumer's own pending list: what was handed to it and never acknowledged, because the process died, the
 * reply was lost, or the acknowledgement was. Must be walked to its end before new entries are asked for.
 */
export class OwnPending {
  readonly #member: GroupMember;
  #cursor: string | undefined = firstId;

  constructor(member: GroupMember) {
    this.#member = member;
  }

  get finished(): boolean {
    return this.#cursor === undefined;
  }

  restart(): void {
    this.#cursor = firstId;
  }

  /** The next entries; empty at the end of the list. */
  async next(redis: Redis, count: number): Promise<RawEntry[]> {
    if (this.#cursor === undefined) return [];
    const { stream, group, consumer } = this.#member;
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
    this.#cursor = entries.at(-1)?.id;
    return entries;
  }
}

/** How often the consumer's entries from `first` to `last` have been handed out, by id. */
export async function deliveryCounts(
  redis: Redis,
  { stream, group, consumer }: GroupMember,
  { first, last, count }: { first: string; last: string; count: number },
): Promise<Map<string, number>> {
  const reply = await redis.xpending(stream, group, first, last, count, consumer);
  return new Map(
    (reply as [string, string, number, number][]).map(([id, , , deliveries]) => [id, deliveries]),
  );
}

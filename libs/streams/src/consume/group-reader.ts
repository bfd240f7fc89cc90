import { isError } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { readEntries } from '../entry/raw-entry';
import type { RawEntry } from '../entry/raw-entry';

/** Whose reads these are. */
export interface GroupMember {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
}

/**
 * Creates the group, and the stream when there is none, reading from the first entry: `$` would skip what came in
 * between a loss of the group and now. Harmless when the group exists.
 */
export async function ensureGroup(redis: Redis, { stream, group }: GroupMember): Promise<boolean> {
  try {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    return true;
  } catch (error) {
    if (isError(error) && error.message.startsWith('BUSYGROUP')) return false;
    throw error;
  }
}

/** The group or its stream has been deleted, by hand, a flush or a failover. */
export const isGroupGone = (error: unknown): boolean =>
  isError(error) && /^(NOGROUP|UNBLOCKED)\b|no longer exists|no such key/i.test(error.message);

/** Entries nobody in the group has had yet. Waits up to `blockMs`; 0 asks without waiting. */
export async function readNew(
  redis: Redis,
  { stream, group, consumer }: GroupMember,
  { count, blockMs }: { count: number; blockMs: number },
): Promise<RawEntry[]> {
  const reply =
    blockMs > 0
      ? await redis.xreadgroup(
          'GROUP',
          group,
          consumer,
          'COUNT',
          count,
          'BLOCK',
          blockMs,
          'STREAMS',
          stream,
          '>',
        )
      : await redis.xreadgroup('GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>');
  return readEntries(reply);
}

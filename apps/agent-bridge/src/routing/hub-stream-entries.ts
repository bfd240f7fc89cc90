import { compareEntryIds } from '@viw/streams';
import type { GroupState, Redis } from '@viw/streams';
import { pendingIds } from './pending-ids';

const BATCH = 100;

/** An entry of a hub's stream that is not finished. */
export interface OpenEntry {
  readonly id: string;
  /** Whether the hub had read it. */
  readonly state: 'pending' | 'unread';
  readonly fields: readonly string[];
}

export interface HubStreamBatch {
  readonly open: readonly OpenEntry[];
  /** Id of the last entry looked at; undefined: there is none from there on. */
  readonly last: string | undefined;
}

/**
 * Looks through one batch of a hub's stream, and deletes of it what is finished: what had been delivered before and is not
 * pending now.
 *
 * @param group as it was before this call; undefined: the hub never made it, so it has read nothing
 * @param from as of XRANGE
 */
export async function openEntries(
  redis: Redis,
  stream: string,
  group: Pick<GroupState, 'delivered'> | undefined,
  from = '-',
): Promise<HubStreamBatch> {
  const entries = await redis.xrange(stream, from, '+', 'COUNT', BATCH);
  const [first, last] = [entries[0]?.[0], entries.at(-1)?.[0]];
  if (first === undefined || last === undefined) return { open: [], last: undefined };
  // A group that has gone since is an error here: what it had pending must not look finished.
  const pending = group === undefined ? new Set() : await pendingIds(redis, stream, first, last);
  const open: OpenEntry[] = [];
  const finished: string[] = [];
  for (const [id, fields] of entries) {
    if (pending.has(id)) open.push({ id, state: 'pending', fields });
    else if (group === undefined || compareEntryIds(id, group.delivered) > 0)
      open.push({ id, state: 'unread', fields });
    else finished.push(id);
  }
  if (finished.length > 0) await redis.xdel(stream, ...finished);
  return { open, last };
}

import { groups, hubStream } from '@viw/contracts';
import { compareEntryIds, groupState } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { openEntries } from './hub-stream-entries';

/**
 * Deletes the entries of a hub's stream that are acknowledged and still there, because Redis or the hub went away between
 * the two steps. Costs two requests when there are none. MUST be called by the hub that reads the stream, or after its
 * death. Rejects without Redis.
 */
export async function deleteFinished(redis: Redis, hub: string): Promise<void> {
  const stream = hubStream(hub);
  const group = await groupState(redis, stream, groups.agentBridge);
  if (group === undefined || (await redis.xlen(stream)) <= group.pending) return;
  for (let from = '-'; ;) {
    const { last } = await openEntries(redis, stream, group, from);
    if (last === undefined || compareEntryIds(last, group.delivered) >= 0) return;
    from = `(${last}`;
  }
}

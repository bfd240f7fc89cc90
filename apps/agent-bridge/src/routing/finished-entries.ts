import { groups, hubStream } from '@viw/contracts';
import { compareEntryIds } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { pendingIds } from './pending-ids';

const BATCH = 100;

/**
 * Deletes the entries of a hub's stream that are acknowledged and still there, because Redis or the hub went away between
 * the two steps. Costs one request when there are none. MUST be called by the hub that reads the stream, or after its
 * death. Rejects without Redis.
 */
export async function deleteFinished(redis: Redis, hub: string): Promise<void> {
  const stream = hubStream(hub);
  const group = await ownGroup(redis, stream);
  if (group === undefined || (await redis.xlen(stream)) <= group.pending) return;
  // What was delivered by now and is not pending afterwards is finished.
  for (let from = '-'; ;) {
    const entries = await redis.xrange(stream, from, group.delivered, 'COUNT', BATCH);
    const [first, last] = [entries[0]?.[0], entries.at(-1)?.[0]];
    if (first === undefined || last === undefined) return;
    const pending = await pendingIds(redis, stream, first, last);
    const finished = entries.map(([id]) => id).filter((id) => !pending.has(id));
    if (finished.length > 0) await redis.xdel(stream, ...finished);
    if (compareEntryIds(last, group.delivered) >= 0) return;
    from = `(${last}`;
  }
}

async function ownGroup(
  redis: Redis,
  stream: string,
): Promise<{ pending: number; delivered: string } | undefined> {
  if ((await redis.exists(stream)) === 0) return undefined;
  const rows = (await redis.xinfo('GROUPS', stream)) as unknown[][];
  const valueOf = (row: unknown[], name: string): unknown => row[row.indexOf(name) + 1];
  const group = rows.find((row) => valueOf(row, 'name') === groups.agentBridge);
  return (
    group && {
      pending: Number(valueOf(group, 'pending')),
      delivered: String(valueOf(group, 'last-delivered-id')),
    }
  );
}

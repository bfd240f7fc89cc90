import { groups } from '@viw/contracts';
import type { Redis } from '@viw/streams';

const PAGE = 100;

/**
 * What is pending in a hub's stream from one entry to another. All of it: ids whose entries have been deleted stay
 * pending, any number of them, and MUST NOT hide those of live commands. Rejects without Redis or the group.
 */
export async function pendingIds(
  redis: Redis,
  stream: string,
  first: string,
  last: string,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let from = first; ;) {
    const rows = (await redis.xpending(stream, groups.agentBridge, from, last, PAGE)) as [string][];
    for (const [id] of rows) ids.add(id);
    const newest = rows.at(-1)?.[0];
    if (newest === undefined || rows.length < PAGE) return ids;
    from = `(${newest}`;
  }
}

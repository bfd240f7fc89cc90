import { commandEventsStream, commandResultsStream, groups } from '@viw/contracts';
import { groupState } from '@viw/streams';
import type { Redis } from '@viw/streams';

const reports = [commandEventsStream.stream, commandResultsStream.stream];

/** Entry ids begin with the milliseconds at which Redis took the entry in. */
const timeOf = (id: string): number => Number(id.split('-', 1)[0]);

/**
 * What hubs have reported about commands and the results-writer has not yet brought into Postgres. While there is any,
 * that Postgres knows of no dispatch does not mean that there was none.
 */
export class UnreadReports {
  constructor(private readonly deps: { readonly redis: Redis }) {}

  /** When the oldest of them was made, ISO 8601; undefined when there is none. Rejects without Redis. */
  async since(): Promise<string | undefined> {
    const times = (await Promise.all(reports.map((stream) => this.#oldest(stream)))).flat();
    return times.length === 0 ? undefined : new Date(Math.min(...times)).toISOString();
  }

  async #oldest(stream: string): Promise<number[]> {
    const { redis } = this.deps;
    const group = await groupState(redis, stream, groups.resultsWriter);
    const unread = await redis.xrange(stream, group ? `(${group.delivered}` : '-', '+', 'COUNT', 1);
    const pending =
      group && ((await redis.xpending(stream, groups.resultsWriter)) as [number, string | null]);
    return [...unread.map(([id]) => id), ...(pending?.[1] ? [pending[1]] : [])].map(timeOf);
  }
}

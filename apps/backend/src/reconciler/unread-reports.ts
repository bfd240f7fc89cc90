import { commandEventsStream, commandResultsStream, groups } from '@viw/contracts';
import { groupState } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { SilentHubs } from './silent-hubs';

const reports = [commandEventsStream.stream, commandResultsStream.stream];

/** Entry ids begin with the milliseconds at which Redis took the entry in. */
const timeOf = (id: string): number => Number(id.split('-', 1)[0]);

/**
 * What hubs have reported about commands and the results-writer has not yet brought into Postgres, and what hubs that
 * have died had no time to report. While there is any, that Postgres knows of no dispatch does not mean that there was none.
 */
export class UnreadReports {
  readonly #silentHubs: SilentHubs;

  constructor(private readonly deps: { readonly redis: Redis }) {
    this.#silentHubs = new SilentHubs(deps);
  }

  /** When the oldest of them was made, ISO 8601; undefined when there is none. Rejects without Redis. */
  async since(): Promise<string | undefined> {
    // First the hubs: what one of them tells meanwhile is found among the reports.
    const untold = (await this.#silentHubs.oldest()).map(timeOf);
    const unread = (await Promise.all(reports.map((stream) => this.#oldest(stream)))).flat();
    const times = [...untold, ...unread];
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

import { groupState } from '@viw/streams';
import type { GroupState, Redis } from '@viw/streams';

/** Whether a group has read its streams up. */
export class Backlog {
  constructor(
    private readonly options: { streams: readonly string[]; group: string },
    private readonly deps: { redis: Redis },
  ) {}

  /** Entries that were not handed out or not acknowledged yet, over all streams; Infinity while that is not known. */
  async entries(): Promise<number> {
    let total = 0;
    for (const stream of this.options.streams) {
      const state = await groupState(this.deps.redis, stream, this.options.group);
      // The group is made when the service begins to read: without it nothing tells what has been read.
      total += state === undefined ? Infinity : state.pending + (await this.#unread(stream, state));
    }
    return total;
  }

  /** Redis does not know the lag after some deletions; then only "all of it" can be told from "not all", never a number. */
  async #unread(stream: string, { lag, delivered }: GroupState): Promise<number> {
    if (lag !== undefined) return lag;
    const [newest] = await this.deps.redis.xrevrange(stream, '+', '-', 'COUNT', 1);
    return newest === undefined || newest[0] === delivered ? 0 : Infinity;
  }
}

import type { Redis } from '@viw/streams';

/** Whether a group has read its streams up. */
export class Backlog {
  constructor(
    private readonly options: { streams: readonly string[]; group: string },
    private readonly deps: { redis: Redis },
  ) {}

  /** Entries that were not handed out or not acknowledged yet, over all streams. */
  async entries(): Promise<number> {
    let total = 0;
    for (const stream of this.options.streams) {
      const groups = (await this.deps.redis.xinfo('GROUPS', stream)) as unknown[][];
      const fields = groups.map((pairs) => new Map(pairsOf(pairs)));
      const own = fields.find((group) => group.get('name') === this.options.group);
      total += await this.#unread(stream, own);
      total += Number(own?.get('pending') ?? 0);
    }
    return total;
  }

  /** Redis does not know the lag after some deletions; then only "all of it" can be told from "not all", never a number. */
  async #unread(stream: string, group: ReadonlyMap<string, unknown> | undefined): Promise<number> {
    const lag = group?.get('lag');
    if (typeof lag === 'number') return lag;
    const [newest] = await this.deps.redis.xrevrange(stream, '+', '-', 'COUNT', 1);
    return newest === undefined || newest[0] === group?.get('last-delivered-id') ? 0 : Infinity;
  }
}

function pairsOf(flat: readonly unknown[]): [string, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    String(flat[index * 2]),
    flat[index * 2 + 1],
  ]);
}

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
      // Redis does not know the lag after some deletions; then the number that wait is unknown, not zero.
      const lag = own?.get('lag');
      total += typeof lag === 'number' ? lag : 1;
      total += Number(own?.get('pending') ?? 0);
    }
    return total;
  }
}

function pairsOf(flat: readonly unknown[]): [string, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    String(flat[index * 2]),
    flat[index * 2 + 1],
  ]);
}

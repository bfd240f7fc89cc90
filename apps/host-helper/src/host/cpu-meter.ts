import { readFile } from 'node:fs/promises';
import { sleep } from '@viw/runtime';

interface Sample {
  readonly busy: number;
  readonly total: number;
  readonly at: number;
}

/** Two samples closer together than this say nothing. */
const SHORTEST_SPAN_MS = 200;

/** First line of `/proc/stat`, proc(5): user nice system idle iowait irq softirq steal (guest times are inside user). */
export function parseCpuLine(stat: string): { busy: number; total: number } {
  const [, line = ''] = /^cpu\s+(.*)$/m.exec(stat) ?? [];
  const times = line.split(/\s+/).slice(0, 8).map(Number);
  const total = times.reduce((sum, time) => sum + time, 0);
  const idle = (times[3] ?? 0) + (times[4] ?? 0);
  return { busy: total - idle, total };
}

/** Share of processor time in use since the last reading. */
export class CpuMeter {
  #last: Sample | undefined;

  /** Percent of all processors together, 0 to 100. */
  async read(): Promise<number> {
    const before = this.#last ?? (await this.#sample());
    const span = Date.now() - before.at;
    if (span < SHORTEST_SPAN_MS) await sleep(SHORTEST_SPAN_MS - span);
    const now = await this.#sample();
    this.#last = now;
    const total = now.total - before.total;
    if (total <= 0) return 0;
    const percent = (100 * (now.busy - before.busy)) / total;
    return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
  }

  async #sample(): Promise<Sample> {
    return { ...parseCpuLine(await readFile('/proc/stat', 'utf8')), at: Date.now() };
  }
}

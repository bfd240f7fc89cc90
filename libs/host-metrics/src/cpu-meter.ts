import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '@viw/runtime';

interface CpuTimes {
  readonly total: number;
  readonly idle: number;
}

interface Sample extends CpuTimes {
  /** Of the monotonic clock, in milliseconds. */
  readonly at: number;
}

/** The kernel counts in ticks of 10 ms: a shorter window says nothing. */
const SHORTEST_WINDOW_MS = 200;

/** The `cpu` line of /proc/stat (proc_stat(5)), in clock ticks. Guest time is part of user time already. */
export function parseCpuTimes(stat: string): CpuTimes {
  const fields = /^cpu\s+([\d ]+)$/m.exec(stat)?.[1]?.trim().split(/ +/).map(Number) ?? [];
  const ticks = fields.slice(0, 8);
  return { total: ticks.reduce((sum, value) => sum + value, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}

/** Busy share between two readings, in per cent of all CPUs, one decimal. Undefined when no time has passed. */
export function busyPercent(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total;
  if (total <= 0) return undefined;
  // The kernel's idle counters may run backwards a little on some machines.
  const busy = 1 - (after.idle - before.idle) / total;
  return Math.round(Math.min(1, Math.max(0, busy)) * 1_000) / 10;
}

/** CPU use of the host since the last reading. A reading takes up to 200 ms when the last is not so long ago, or is the first. */
export class CpuMeter {
  #last: Sample | undefined;

  constructor(private readonly procRoot: string) {}

  async read(): Promise<number | undefined> {
    const before = this.#last ?? (await this.#sample());
    const window = performance.now() - before.at;
    if (window < SHORTEST_WINDOW_MS) await sleep(SHORTEST_WINDOW_MS - window);
    const now = await this.#sample();
    this.#last = now;
    return busyPercent(before, now);
  }

  async #sample(): Promise<Sample> {
    const times = parseCpuTimes(await readFile(join(this.procRoot, 'stat'), 'utf8'));
    return { ...times, at: performance.now() };
  }
}

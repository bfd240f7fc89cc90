import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '@viw/runtime';

interface CpuTimes {
  readonly total: number;
  readonly idle: number;
}

/** Window of the very first measurement, in milliseconds. */
const FIRST_WINDOW_MS = 250;

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

/** CPU use of the host since the last reading. */
export class CpuMeter {
  #last: CpuTimes | undefined;

  constructor(private readonly procRoot: string) {}

  async read(): Promise<number | undefined> {
    if (this.#last === undefined) {
      this.#last = await this.#sample();
      await sleep(FIRST_WINDOW_MS);
    }
    const before = this.#last;
    this.#last = await this.#sample();
    return busyPercent(before, this.#last);
  }

  async #sample(): Promise<CpuTimes> {
    return parseCpuTimes(await readFile(join(this.procRoot, 'stat'), 'utf8'));
  }
}

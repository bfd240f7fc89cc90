import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc, proc(5): USER_HZ, 100 on every Linux that Node supports. */
const USER_HZ = 100;

export interface ProcessUsage {
  /** Resident set now and at its highest, KiB. */
  readonly rssKb: number;
  readonly peakRssKb: number;
  /** User and system time, milliseconds. */
  readonly cpuMs: number;
}

const field = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);

/** What a process uses, by proc(5). @throws Error when it has ended */
export function processUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    rssKb: field(status, 'VmRSS'),
    peakRssKb: field(status, 'VmHWM'),
    cpuMs: (ticks * 1_000) / USER_HZ,
  };
}

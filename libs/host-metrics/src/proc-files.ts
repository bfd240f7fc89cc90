import type { HostMetrics } from '@viw/contracts';

/** /proc/uptime: whole seconds since the host started. */
export const parseUptime = (text: string): number | undefined => {
  const seconds = Number.parseFloat(text);
  return Number.isFinite(seconds) ? Math.floor(seconds) : undefined;
};

/** /proc/loadavg: over 1, 5 and 15 minutes. */
export const parseLoadavg = (text: string): number[] | undefined => {
  const values = text.trim().split(' ').slice(0, 3).map(Number);
  return values.length === 3 && values.every(Number.isFinite) ? values : undefined;
};

/** /proc/meminfo in MiB. Used is what is not available to new programs: caches that can be dropped are not use. */
export function parseMeminfo(text: string): HostMetrics['mem'] {
  const kib = (name: string): number | undefined => {
    const digits = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const total = kib('MemTotal');
  const available = kib('MemAvailable') ?? kib('MemFree');
  if (total === undefined || available === undefined) return undefined;
  return {
    total_mb: Math.round(total / 1_024),
    used_mb: Math.max(0, Math.round((total - available) / 1_024)),
  };
}

const INTERFACES_MAX = 64;

/** /proc/net/dev: bytes since the interface came up, without loopback. */
export function parseNetDev(text: string): NonNullable<HostMetrics['net']> {
  const interfaces: { name: string; rx_bytes: number; tx_bytes: number }[] = [];
  for (const line of text.split('\n')) {
    const [, name, numbers] = /^\s*([^\s:|]+):\s*([\d\s]+)$/.exec(line) ?? [];
    if (name === undefined || numbers === undefined || name === 'lo') continue;
    const fields = numbers.trim().split(/\s+/).map(Number);
    interfaces.push({ name: name.slice(0, 64), rx_bytes: fields[0] ?? 0, tx_bytes: fields[8] ?? 0 });
  }
  return interfaces.slice(0, INTERFACES_MAX);
}

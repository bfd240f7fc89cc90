import { readFile } from 'node:fs/promises';
import type { HostMetrics } from '@viw/contracts';
import type { CpuMeter } from './cpu-meter';
import { readDisks } from './disks';
import type { ServiceStates } from './service-states';

const INTERFACES_MAX = 64;

/** `/proc/meminfo` in kB → MiB. Used is what is not available to programs; caches count as available. */
export function parseMemory(meminfo: string): NonNullable<HostMetrics['mem']> {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0);
  const total = kilobytes('MemTotal');
  return {
    total_mb: Math.round(total / 1_024),
    used_mb: Math.round(Math.max(0, total - kilobytes('MemAvailable')) / 1_024),
  };
}

/** `/proc/net/dev` without loopback; byte counts since boot. */
export function parseInterfaces(dev: string): NonNullable<HostMetrics['net']> {
  return dev
    .split('\n')
    .flatMap((line) => {
      const [, name, counters = ''] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || name === 'lo') return [];
      const values = counters.split(/\s+/).map(Number);
      return [{ name, rx_bytes: values[0] ?? 0, tx_bytes: values[8] ?? 0 }];
    })
    .slice(0, INTERFACES_MAX);
}

/** Health of this host, read from the kernel. */
export class HostMetricsReader {
  constructor(private readonly deps: { readonly cpu: CpuMeter; readonly services: ServiceStates }) {}

  async read(): Promise<HostMetrics> {
    const [cpu, uptime, load, memory, network, disk, services] = await Promise.all([
      this.deps.cpu.read(),
      readFile('/proc/uptime', 'utf8'),
      readFile('/proc/loadavg', 'utf8'),
      readFile('/proc/meminfo', 'utf8'),
      readFile('/proc/net/dev', 'utf8').catch(() => ''),
      readDisks(),
      this.deps.services.read(),
    ]);
    return {
      uptime_s: Math.floor(Number.parseFloat(uptime)),
      cpu_pct: cpu,
      mem: parseMemory(memory),
      loadavg: load.split(' ').slice(0, 3).map(Number),
      disk,
      net: parseInterfaces(network),
      services,
    };
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostMetrics } from '@viw/contracts';
import { CpuMeter } from './cpu-meter';
import { parseMounts, readDisks } from './disk-usage';
import { parseLoadavg, parseMeminfo, parseNetDev, parseUptime } from './proc-files';
import { unknownStates } from './service-states';
import type { ServiceStateSource } from './service-states';

export interface HostMetricsOptions {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Services whose state is reported. */
  readonly services: readonly string[];
  /** Of the program that reports, when it is to be told. */
  readonly version?: string;
}

/**
 * Health of this host as it is now, from proc(5) and statfs(2). What cannot be read is left out; it never rejects, so
 * that one odd file does not silence a gateway.
 */
export class HostMetricsReader {
  readonly #options: HostMetricsOptions;
  readonly #procRoot: string;
  readonly #serviceStates: ServiceStateSource;
  readonly #cpu: CpuMeter;

  constructor(options: HostMetricsOptions, { serviceStates }: { serviceStates: ServiceStateSource }) {
    this.#options = options;
    this.#procRoot = options.procRoot ?? '/proc';
    this.#serviceStates = serviceStates;
    this.#cpu = new CpuMeter(this.#procRoot);
  }

  async read(): Promise<HostMetrics> {
    const { services, version } = this.#options;
    const [uptime_s, cpu_pct, mem, loadavg, disk, net, states] = await Promise.all([
      this.#parsed('uptime', parseUptime),
      this.#cpu.read().catch(() => undefined),
      this.#parsed('meminfo', parseMeminfo),
      this.#parsed('loadavg', parseLoadavg),
      this.#parsed('mounts', parseMounts).then((mounts) =>
        mounts === undefined ? undefined : readDisks(mounts),
      ),
      this.#parsed('net/dev', parseNetDev),
      this.#serviceStates.read(services).catch(() => unknownStates.read(services)),
    ]);
    const metrics = { uptime_s, cpu_pct, mem, loadavg, disk, net, services: states, version };
    return Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== undefined));
  }

  #parsed<T>(file: string, parse: (text: string) => T): Promise<T | undefined> {
    return readFile(join(this.#procRoot, file), 'utf8').then(parse, () => undefined);
  }
}

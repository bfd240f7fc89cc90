import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { hostMetrics } from '@viw/contracts';
import { HostMetricsReader } from '../src/host-metrics-reader';
import { unknownStates } from '../src/service-states';
import { systemdStates } from '../src/systemd-states';

const options = { services: ['openvpn', 'fwknop'], version: '0.1.0' };

describe('this very host', () => {
  it('gives plausible values that pass the contract', async () => {
    const reader = new HostMetricsReader(options, { serviceStates: unknownStates });
    const before = uptime();
    const metrics = hostMetrics.parse(await reader.read());
    expect(metrics.uptime_s).toBeGreaterThan(before - 2);
    expect(metrics.uptime_s).toBeLessThan(uptime() + 2);
    expect(metrics.cpu_pct).toBeGreaterThanOrEqual(0);
    expect(metrics.cpu_pct).toBeLessThanOrEqual(100);
    expect(metrics.mem?.total_mb).toBe(Math.round(totalmem() / 2 ** 20));
    expect(metrics.mem?.used_mb).toBeGreaterThan(0);
    expect(metrics.mem?.used_mb).toBeLessThan(metrics.mem?.total_mb ?? 0);
    expect(metrics.loadavg).toHaveLength(3);
    expect(metrics.disk?.find(({ mount }) => mount === '/')?.used_pct).toBeGreaterThan(0);
    expect(metrics.services).toEqual({ openvpn: 'unknown', fwknop: 'unknown' });
    expect(metrics.version).toBe('0.1.0');
  });

  it('notices work on the CPU', async () => {
    const reader = new HostMetricsReader(options, { serviceStates: unknownStates });
    let busy = 0;
    // Again when we were kept from working.
    for (let round = 0; round < 50 && busy <= 5; round++) {
      await reader.read();
      const until = performance.now() + 300;
      while (performance.now() < until);
      busy = (await reader.read()).cpu_pct ?? 0;
    }
    expect(busy).toBeGreaterThan(5);
  });

  it('answers for services even where systemd cannot be asked', async () => {
    const states = await systemdStates.read(['no-such-service-of-viw']);
    expect(Object.keys(states)).toEqual(['no-such-service-of-viw']);
    expect(states['no-such-service-of-viw']).toMatch(/^(inactive|unknown)$/);
  });
});

describe('a host whose /proc lacks files', () => {
  let procRoot: string;
  beforeEach(async () => {
    procRoot = await mkdtemp(join(tmpdir(), 'viw-proc-'));
  });
  afterEach(() => rm(procRoot, { recursive: true, force: true }));

  it('reports what there is', async () => {
    await writeFile(join(procRoot, 'uptime'), '12.5 1.0\n');
    await writeFile(join(procRoot, 'meminfo'), 'damaged');
    await mkdir(join(procRoot, 'net'));
    await writeFile(join(procRoot, 'net/dev'), await readFile('/proc/net/dev'));
    const failing = { read: () => Promise.reject(new Error('no')) };
    const metrics = await new HostMetricsReader({ ...options, procRoot }, { serviceStates: failing }).read();
    expect(Object.keys(hostMetrics.parse(metrics)).sort()).toEqual([
      'net',
      'services',
      'uptime_s',
      'version',
    ]);
    expect(metrics.services).toEqual({ openvpn: 'unknown', fwknop: 'unknown' });
  });
});

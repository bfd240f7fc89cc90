import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { freemem, totalmem, uptime } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostMetrics } from '@viw/contracts';
import type { AgentFrame, TelemetryFrame } from '@viw/contracts';
import { createLogger, systemClock } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { HostMetricsReader } from '../src/telemetry/host-metrics-reader';
import { systemdStates, unknownStates } from '../src/telemetry/service-states';
import { TelemetryReporter } from '../src/telemetry/telemetry-reporter';

const logger = createLogger({ service: 'test', level: 'silent' });
const options = { services: ['openvpn', 'fwknop'], version: '0.1.0' };

describe('this very host', () => {
  it('gives plausible values that pass the contract', async () => {
    const reader = new HostMetricsReader(options, { serviceStates: unknownStates });
    const metrics = hostMetrics.parse(await reader.read());
    expect(Math.abs((metrics.uptime_s ?? 0) - uptime())).toBeLessThan(5);
    expect(metrics.cpu_pct).toBeGreaterThanOrEqual(0);
    expect(metrics.cpu_pct).toBeLessThanOrEqual(100);
    expect(metrics.mem?.total_mb).toBe(Math.round(totalmem() / 2 ** 20));
    expect(metrics.mem?.used_mb).toBeGreaterThan(0);
    expect(metrics.mem?.used_mb).toBeLessThanOrEqual(Math.round((totalmem() - freemem()) / 2 ** 20) + 64);
    expect(metrics.loadavg).toHaveLength(3);
    expect(metrics.disk?.find(({ mount }) => mount === '/')?.used_pct).toBeGreaterThan(0);
    expect(metrics.services).toEqual({ openvpn: 'unknown', fwknop: 'unknown' });
    expect(metrics.version).toBe('0.1.0');
  });

  it('notices work on the CPU', async () => {
    const reader = new HostMetricsReader(options, { serviceStates: unknownStates });
    await reader.read();
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect((await reader.read()).cpu_pct).toBeGreaterThan(5);
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

describe('TelemetryReporter', () => {
  it('numbers its frames, and keeps only the newest while there is no session', async () => {
    let connected = false;
    const sent: TelemetryFrame[] = [];
    const uplink = {
      send(frame: AgentFrame) {
        if (connected && frame.type === 'TELEMETRY') sent.push(frame);
        return connected;
      },
    };
    let reads = 0;
    const reader = { read: async () => ({ uptime_s: ++reads }) };
    const reporter = new TelemetryReporter(
      { agentId: 'gw-1', intervalMs: 5 },
      { reader, uplink, clock: systemClock, logger },
    );
    reporter.start();
    await eventually(() => expect(reads).toBeGreaterThan(5));
    connected = true;
    reporter.flush();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.seq).toBe(sent[0]?.metrics.uptime_s);
    await eventually(() => expect(sent.length).toBeGreaterThan(3));
    reporter.stop();
    const numbers = sent.map(({ seq }) => seq ?? 0);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    connected = false;
    reporter.flush();
    expect(new Set(numbers).size).toBe(sent.length);
  });
});

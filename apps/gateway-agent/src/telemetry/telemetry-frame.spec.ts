import { limits } from '@viw/contracts';
import type { HostMetrics } from '@viw/contracts';
import { telemetryFrame } from './telemetry-frame';

const facts = { agentId: 'gw-1', seq: 3, now: Date.parse('2026-11-21T08:00:00Z') };
const many = <T>(make: (n: number) => T): T[] => Array.from({ length: 64 }, (_, n) => make(n));

it('says everything when there is room', () => {
  const metrics: HostMetrics = { uptime_s: 1, net: [{ name: 'eth0', rx_bytes: 1, tx_bytes: 2 }] };
  expect(telemetryFrame({ ...facts, metrics })).toEqual({
    type: 'TELEMETRY',
    agent_id: 'gw-1',
    seq: 3,
    ts: '2026-11-21T08:00:00.000Z',
    metrics,
  });
});

it('leaves out what is least needed rather than growing beyond 32 KiB', () => {
  const disk = many((n) => ({ mount: `/${n}/`.padEnd(256, 'é'), used_pct: 1 }));
  const services = Object.fromEntries(many((n) => [`s${n}`.padEnd(64, 's'), 'active']));
  const { metrics } = telemetryFrame({ ...facts, metrics: { uptime_s: 7, disk, services } });
  expect(Buffer.byteLength(JSON.stringify(metrics))).toBeLessThan(limits.telemetryBytes);
  expect(metrics.uptime_s).toBe(7);
  expect(metrics.disk).toHaveLength(16);
});

import { z } from 'zod';
import { agentId, timestamp } from '../primitives';
import { frame } from './frame-contract';

const percent = z.number().min(0).max(100);
const count = z.number().min(0);

/** Health of the host. Everything may be missing: the smallest agents report little. */
export const hostMetrics = z.object({
  uptime_s: count.optional(),
  cpu_pct: percent.optional(),
  mem: z.object({ total_mb: count.optional(), used_mb: count.optional() }).optional(),
  loadavg: z.array(count).max(3).optional(),
  disk: z
    .array(z.object({ mount: z.string().max(256), used_pct: percent }))
    .max(64)
    .optional(),
  net: z
    .array(z.object({ name: z.string().max(64), rx_bytes: count, tx_bytes: count }))
    .max(64)
    .optional(),
  services: z.record(z.string().max(64), z.string().max(64)).optional(),
  containers: z
    .object({
      running: count.optional(),
      total: count.optional(),
      images: z.array(z.string().max(256)).max(256).optional(),
    })
    .optional(),
  /** Open VPN sessions on the host. */
  sessions: count.optional(),
  version: z.string().max(64).optional(),
});
export type HostMetrics = z.infer<typeof hostMetrics>;

export const telemetryFrame = z.object({
  type: z.literal('TELEMETRY'),
  agent_id: agentId,
  ts: timestamp,
  /** Rises within one agent run; the hub assigns one where it is absent. Order is by session epoch, then seq. */
  seq: z.int().min(0).optional(),
  metrics: hostMetrics,
});
export type TelemetryFrame = z.infer<typeof telemetryFrame>;

export const telemetry = frame('TELEMETRY', 'agent', telemetryFrame, {
  type: 'TELEMETRY',
  agent_id: 'gw-berlin-1',
  ts: '2026-11-21T08:00:30.000Z',
  seq: 1,
  metrics: {
    uptime_s: 86_400,
    cpu_pct: 12.5,
    mem: { total_mb: 4_096, used_mb: 1_024 },
    loadavg: [0.4, 0.3, 0.2],
    disk: [{ mount: '/', used_pct: 41 }],
    services: { openvpn: 'active', fwknop: 'active' },
    containers: { running: 2, images: ['viw/session:1'] },
    version: '1.4.0',
  },
});

import { randomUUID } from 'node:crypto';
import type { TelemetryPoint } from '@viw/contracts';

const EPOCH = 1_795_000_000_000;
const EVERY_MS = 30_000;
const AGO_MS = 12 * 3_600_000;

export interface Fleet {
  readonly agents: readonly { readonly agent_id: string; readonly session_id: string }[];
  /** Every agent's first frame, then every agent's second one: neighbours are never of the same agent. */
  readonly frames: readonly TelemetryPoint[];
}

/** Agents that report every 30 s, about 600 bytes a frame as JSON. */
export function telemetryOf(agents: number, framesPerAgent: number): Fleet {
  const fleet = Array.from({ length: agents }, (_, n) => ({
    agent_id: `gw-bench-${String(n).padStart(5, '0')}`,
    session_id: randomUUID(),
  }));
  // From a full minute on, so that it is known how many minutes the frames of an agent touch.
  const begin = Math.floor((Date.now() - AGO_MS) / 60_000) * 60_000;
  const frames: TelemetryPoint[] = [];
  for (let seq = 1; seq <= framesPerAgent; seq++) {
    const at = new Date(begin + (seq - 1) * EVERY_MS).toISOString();
    for (const [n, agent] of fleet.entries())
      frames.push({ ...agent, epoch: EPOCH, seq, ts: at, received_at: at, metrics: metricsOf(n, seq) });
  }
  return { agents: fleet, frames };
}

/** The minute in which the hub received it. */
export const minuteOf = (frame: TelemetryPoint): string => `${frame.received_at.slice(0, 16)}:00.000Z`;

const metricsOf = (n: number, seq: number): TelemetryPoint['metrics'] => ({
  uptime_s: 86_400 + seq * 30,
  cpu_pct: ((n * 7 + seq * 13) % 1_000) / 10,
  mem: { total_mb: 4_096, used_mb: 1_024 + ((n + seq) % 2_048) },
  loadavg: [0.4, 0.3, 0.2],
  disk: [
    { mount: '/', used_pct: 41 },
    { mount: '/var/lib/containers', used_pct: 63 },
  ],
  net: [{ name: 'eth0', rx_bytes: 1_000_000_000 + seq * 4_096, tx_bytes: 900_000_000 + seq * 2_048 }],
  services: { openvpn: 'active', fwknop: 'active' },
  containers: { running: 2, total: 3, images: ['viw/session:1'] },
  sessions: (n + seq) % 40,
  version: '1.4.0',
});

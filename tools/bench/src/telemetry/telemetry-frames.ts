import { randomUUID } from 'node:crypto';
import type { TelemetryPoint } from '@viw/contracts';
import { hostMetricsOf } from '@viw/simulator';

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
      frames.push({ ...agent, epoch: EPOCH, seq, ts: at, received_at: at, metrics: hostMetricsOf(n, seq) });
  }
  return { agents: fleet, frames };
}

/** The minute in which the hub received it. */
export const minuteOf = (frame: TelemetryPoint): string => `${frame.received_at.slice(0, 16)}:00.000Z`;

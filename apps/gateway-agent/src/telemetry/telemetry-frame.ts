import { limits } from '@viw/contracts';
import type { HostMetrics, TelemetryFrame } from '@viw/contracts';

export interface TelemetryFacts {
  readonly agentId: string;
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly metrics: HostMetrics;
}

const sizeOf = (frame: TelemetryFrame): number => Buffer.byteLength(JSON.stringify(frame));

/** A TELEMETRY frame of at most 32 KiB: what is least needed goes first when a host has too much to say. */
export function telemetryFrame({ agentId, seq, now, metrics }: TelemetryFacts): TelemetryFrame {
  const frame: TelemetryFrame = {
    type: 'TELEMETRY',
    agent_id: agentId,
    ts: new Date(now).toISOString(),
    seq,
    metrics,
  };
  const { net: _net, ...withoutNet } = metrics;
  const { services: _services, ...least } = { ...withoutNet, disk: metrics.disk?.slice(0, 16) ?? [] };
  const smaller = [metrics, withoutNet, least].map((candidate): TelemetryFrame => ({
    ...frame,
    metrics: candidate,
  }));
  return smaller.find((candidate) => sizeOf(candidate) <= limits.telemetryBytes) ?? { ...frame, metrics: {} };
}

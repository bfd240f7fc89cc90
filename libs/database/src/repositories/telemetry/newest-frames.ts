import type { HostMetrics, TelemetryPoint } from '@viw/contracts';

const MINUTE_MS = 60_000;

export interface ExtractedMetrics {
  cpu_pct: number | null;
  mem_used_pct: number | null;
  load_1: number | null;
  sessions: number | null;
}

/** The numbers that lists and charts show; null where the agent does not report them. */
export function extractMetrics(metrics: HostMetrics): ExtractedMetrics {
  const { total_mb: total, used_mb: used } = metrics.mem ?? {};
  return {
    cpu_pct: metrics.cpu_pct ?? null,
    mem_used_pct:
      total === undefined || total === 0 || used === undefined
        ? null
        : Math.min(100, Math.round((used / total) * 1_000) / 10),
    load_1: metrics.loadavg?.[0] ?? null,
    sessions: metrics.sessions ?? null,
  };
}

/**
 * The minute in which the hub received it, since the Unix epoch: the agent's own clock is not trusted with where a
 * point lies.
 */
export const minuteOf = ({ received_at }: TelemetryPoint): number =>
  Math.floor(Date.parse(received_at) / MINUTE_MS);

/** When that minute began, ISO 8601. */
export const startOf = (minute: number): string => new Date(minute * MINUTE_MS).toISOString();

const newer = (a: TelemetryPoint, b: TelemetryPoint): boolean =>
  a.epoch !== b.epoch ? a.epoch > b.epoch : a.seq > b.seq;

/** Per key the frame with the highest (epoch, seq), sorted by key: writers lock rows in the same order. */
export function newestBy(
  frames: readonly TelemetryPoint[],
  keyOf: (frame: TelemetryPoint) => string,
): TelemetryPoint[] {
  const newest = new Map<string, TelemetryPoint>();
  for (const frame of frames) {
    const key = keyOf(frame);
    const known = newest.get(key);
    if (!known || newer(frame, known)) newest.set(key, frame);
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, frame]) => frame);
}

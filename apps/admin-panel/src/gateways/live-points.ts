import type { Gateway, GatewayPoint } from '@viw/contracts';
import { instant } from '../format/times';

/** The newest telemetry as a point of the charts; it is ahead of the stored ones, which come one per minute. */
export const livePoint = (gateway: Gateway): GatewayPoint | undefined => {
  const { metrics, metrics_at } = gateway;
  if (!metrics || !metrics_at) return undefined;
  const { total_mb, used_mb } = metrics.mem ?? {};
  return {
    ts: metrics_at,
    cpu_pct: metrics.cpu_pct ?? null,
    mem_used_pct: total_mb && used_mb !== undefined ? (used_mb / total_mb) * 100 : null,
    load_1: metrics.loadavg?.[0] ?? null,
    sessions: metrics.sessions ?? gateway.sessions,
  };
};

/** Times (Unix seconds) and one array of values per series, as uPlot takes them. */
export interface Columns {
  readonly times: number[];
  readonly cpu: (number | null)[];
  readonly mem: (number | null)[];
  readonly load: (number | null)[];
}

/**
 * Stored points, then live ones that are newer than the last stored one, without those before `from` (ms). A hole of
 * more than three steps becomes a break in the line instead of a slope that nobody measured.
 */
export const chartColumns = (
  stored: readonly GatewayPoint[],
  live: readonly GatewayPoint[],
  from: number,
  stepSeconds: number,
): Columns => {
  const newest = instant(stored.at(-1)?.ts) ?? 0;
  const points = [...stored, ...live.filter((point) => (instant(point.ts) ?? 0) > newest)];
  const columns: Columns = { times: [], cpu: [], mem: [], load: [] };
  for (const point of points) {
    const at = (instant(point.ts) ?? 0) / 1_000;
    if (at * 1_000 < from) continue;
    const last = columns.times.at(-1);
    if (last !== undefined && at <= last) continue;
    if (last !== undefined && at - last > stepSeconds * 3) push(columns, last + stepSeconds, undefined);
    push(columns, at, point);
  }
  return columns;
};

const push = (columns: Columns, at: number, point: GatewayPoint | undefined): void => {
  columns.times.push(at);
  columns.cpu.push(point?.cpu_pct ?? null);
  columns.mem.push(point?.mem_used_pct ?? null);
  columns.load.push(point?.load_1 ?? null);
};

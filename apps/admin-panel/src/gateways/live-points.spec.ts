import type { GatewayPoint } from '@viw/contracts';
import { chartColumns } from './live-points';

const point = (second: number, cpu_pct: number): GatewayPoint => ({
  ts: new Date(second * 1_000).toISOString(),
  cpu_pct,
  mem_used_pct: null,
  load_1: null,
  sessions: null,
});

describe('chartColumns', () => {
  it('appends live points that are newer than the stored ones and drops what is before the range', () => {
    const columns = chartColumns([point(60, 1), point(120, 2)], [point(90, 9), point(130, 3)], 100_000, 60);
    expect(columns.times).toEqual([120, 130]);
    expect(columns.cpu).toEqual([2, 3]);
  });

  it('breaks the line at a hole', () => {
    const columns = chartColumns([point(60, 1), point(600, 2)], [], 0, 60);
    expect(columns.times).toEqual([60, 120, 600]);
    expect(columns.cpu).toEqual([1, null, 2]);
  });
});

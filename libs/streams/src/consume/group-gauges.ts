import type { Redis } from 'ioredis';
import type { GroupMember } from './group-reader';
import type { StreamMetrics } from '../metrics';

/** Sets the gauges of lag and pending from XINFO GROUPS. Lag is left alone when Redis does not know it. */
export async function sampleGroup(
  redis: Redis,
  { stream, group }: GroupMember,
  metrics: StreamMetrics,
  label: string,
): Promise<void> {
  const rows = (await redis.xinfo('GROUPS', stream)) as unknown[][];
  const row = rows.find((each) => each[each.indexOf('name') + 1] === group);
  if (!row) return;
  const labels = { stream: label, group };
  const lag = row[row.indexOf('lag') + 1];
  if (typeof lag === 'number') metrics.lag.set(labels, lag);
  metrics.pending.set(labels, Number(row[row.indexOf('pending') + 1]));
}

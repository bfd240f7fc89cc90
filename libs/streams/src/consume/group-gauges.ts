import type { Redis } from 'ioredis';
import type { GroupMember } from './group-reader';
import { groupState } from './group-state';
import type { StreamMetrics } from '../metrics';

/** Sets the gauges of lag and pending. Lag is left alone when Redis does not know it. */
export async function sampleGroup(
  redis: Redis,
  { stream, group }: GroupMember,
  metrics: StreamMetrics,
  label: string,
): Promise<void> {
  const state = await groupState(redis, stream, group);
  if (state === undefined) return;
  const labels = { stream: label, group };
  if (state.lag !== undefined) metrics.lag.set(labels, state.lag);
  metrics.pending.set(labels, state.pending);
}

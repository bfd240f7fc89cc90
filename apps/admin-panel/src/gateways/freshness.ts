import type { GatewaySummary } from '@viw/contracts';
import { limits } from '@viw/contracts';
import { instant } from '../format/times';

export type Freshness =
  /** Reported lately. */
  | 'fresh'
  /** Two reports missed: shown with "as of". */
  | 'aging'
  /** Five missed: whatever it says is not believed, never green. */
  | 'unknown';

/** How far a connected gateway's figures can be trusted. Half a period of grace for the way here. */
export const freshness = (
  gateway: Pick<GatewaySummary, 'state' | 'last_seen_at'>,
  now: number,
): Freshness => {
  if (gateway.state !== 'connected') return 'fresh';
  const seen = instant(gateway.last_seen_at);
  if (seen === undefined) return 'fresh';
  const missed = (now - seen) / limits.telemetryEveryMs;
  if (missed > 5.5) return 'unknown';
  return missed > 2.5 ? 'aging' : 'fresh';
};

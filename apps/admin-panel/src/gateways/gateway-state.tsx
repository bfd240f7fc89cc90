import type { GatewaySummary } from '@viw/contracts';
import { useNow } from '../design/now';
import { gatewayLooks, StateMark } from '../design/state-mark';
import { useZone } from '../design/zone';
import { clockTime, instant } from '../format/times';
import { freshness } from './freshness';

/** The state as far as it can be believed: "as of" when reports are missing, never green when too many are. */
export const GatewayStateMark = ({
  gateway,
}: {
  gateway: Pick<GatewaySummary, 'state' | 'last_seen_at'>;
}) => {
  const now = useNow();
  const [zone] = useZone();
  const fresh = freshness(gateway, now);
  const seen = instant(gateway.last_seen_at);
  if (fresh === 'unknown') return <StateMark look={gatewayLooks.unknown} />;
  const look = gatewayLooks[gateway.state];
  if (fresh === 'fresh' || seen === undefined) return <StateMark look={look} />;
  return (
    <StateMark look={{ ...look, shape: 'ring', tone: 'warn', word: `As of ${clockTime(seen, zone)}` }} />
  );
};

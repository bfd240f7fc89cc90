import { useLiveState } from '../data/live-context';
import { StateMark } from '../design/state-mark';
import { useNow } from '../design/now';
import { useZone } from '../design/zone';
import { clockTime } from '../format/times';
import classes from './shell.module.css';

/** Short breaks heal by themselves and are not worth a word. */
const silentMs = 2_500;

/** Says that nothing moves any more, and since when. */
export const LiveBanner = () => {
  const live = useLiveState();
  const now = useNow();
  const [zone] = useZone();
  if (live.kind !== 'lost' || now - live.since < silentMs) return null;
  return (
    <div className={classes['banner']} role="status">
      <StateMark
        look={{ shape: 'triangle', tone: 'warn', word: `Stale since ${clockTime(live.since, zone)}` }}
      />
      <span>Live updates are interrupted; reconnecting. What you see may be old.</span>
    </div>
  );
};

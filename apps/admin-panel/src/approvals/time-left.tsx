import { useNow } from '../design/now';
import { StateMark } from '../design/state-mark';
import { instant, roughDuration } from '../format/times';

/** The last part of its time in which a request is marked, milliseconds. */
const soonMs = 10 * 60_000;

/** How long a request still waits. Its end is the database's to say; clocks differ a little. */
export const TimeLeft = ({ until }: { until: string }) => {
  const now = useNow();
  const left = (instant(until) ?? now) - now;
  if (left <= 0) return <StateMark look={{ shape: 'ring', tone: 'warn', word: 'Its time is up' }} />;
  const soon = left < soonMs;
  return (
    <StateMark
      look={{
        shape: soon ? 'triangle' : 'half',
        tone: soon ? 'warn' : 'info',
        word: `${roughDuration(left)} left`,
      }}
    />
  );
};

import { Tooltip } from '@mantine/core';
import { absoluteTime, instant, missing, relativeTime } from '../format/times';
import { useNow } from './now';
import { useZone } from './zone';

/** Relative; absolute with zone on hover and focus. */
export const TimeAgo = ({
  at,
  focusable = false,
}: {
  at: string | null | undefined;
  focusable?: boolean;
}) => {
  const now = useNow();
  const [zone] = useZone();
  const moment = instant(at);
  if (moment === undefined || !at) return <span className="idle">{missing}</span>;
  return (
    <Tooltip label={absoluteTime(moment, zone)}>
      <time dateTime={at} tabIndex={focusable ? 0 : undefined}>
        {relativeTime(moment, now)}
      </time>
    </Tooltip>
  );
};

export const AbsoluteTime = ({ at }: { at: string | null | undefined }) => {
  const [zone] = useZone();
  const moment = instant(at);
  return moment === undefined || !at ? (
    <span className="idle">{missing}</span>
  ) : (
    <time dateTime={at}>{absoluteTime(moment, zone)}</time>
  );
};

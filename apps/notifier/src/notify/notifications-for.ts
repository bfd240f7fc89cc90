import type { ListeningChannel, NewNotification } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import type { Notice } from './notice';

const rank = { info: 0, warning: 1, critical: 2 } as const;

/** One for each notice and each channel that wants it. What happened before there was the channel is not for it. */
export function notificationsFor(
  notices: readonly Notice[],
  channels: readonly ListeningChannel[],
): NewNotification[] {
  return notices.flatMap((notice) =>
    channels.flatMap((channel): NewNotification[] => {
      const type = typeFor(notice, channel);
      if (type === undefined) return [];
      const id = uuidv7();
      const body = JSON.stringify({ type, timestamp: notice.at, data: notice.data });
      return [{ id, channel_id: channel.id, event_id: notice.event_id, type, body }];
    }),
  );
}

function typeFor(notice: Notice, channel: ListeningChannel): string | undefined {
  const { severity = 'critical', notTo, at, types } = notice;
  if (notTo === channel.id || rank[severity] < rank[channel.min_severity]) return undefined;
  if (Date.parse(at) < Date.parse(channel.created_at)) return undefined;
  return channel.events.length === 0 ? types[0] : types.find((type) => channel.events.includes(type));
}

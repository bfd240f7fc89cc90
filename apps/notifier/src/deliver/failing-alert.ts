import type { RaisedOrCleared } from '@viw/database';
import { uuidv7 } from '@viw/runtime';

/** That a channel's notifications do not arrive, or do again. It is told to all channels but this one. */
export const failingAlert = (
  channelId: string,
  action: 'raised' | 'cleared',
  title: string,
  detail?: string,
): RaisedOrCleared => ({
  event_id: uuidv7(),
  body: {
    action,
    dedupe_key: `notification-failing:${channelId}`,
    severity: 'warning',
    title: title.slice(0, 200),
    ...(detail !== undefined && { detail }),
    at: new Date().toISOString(),
  },
});

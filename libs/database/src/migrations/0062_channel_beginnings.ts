import type { Migration } from './migration';

/**
 * A channel is told what happens from its beginning on. Rounded to milliseconds as the column is, that beginning could lie up to half
 * of one in the future, and an alert raised in that moment was for nobody.
 */
export const channelBeginnings: Migration = {
  name: '0062_channel_beginnings',
  sql: `
ALTER TABLE viw.notification_channels
  ALTER COLUMN created_at SET DEFAULT date_trunc('milliseconds', now());
`,
};

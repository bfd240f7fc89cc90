import type { Delivery, NotificationChannel } from '@viw/contracts';
import type { Look } from '../design/state-mark';

export const channelLook = ({ enabled, failing_since, last_delivered_at }: NotificationChannel): Look => {
  if (!enabled) return { shape: 'square', tone: 'idle', word: 'Switched off' };
  if (failing_since !== null) return { shape: 'triangle', tone: 'bad', word: 'Nothing arrives' };
  return last_delivered_at === null
    ? { shape: 'dashed', tone: 'info', word: 'Not tried yet' }
    : { shape: 'disc', tone: 'good', word: 'Delivers' };
};

export const deliveryLooks: Record<Delivery['state'], Look> = {
  pending: { shape: 'half', tone: 'info', word: 'Waiting' },
  delivered: { shape: 'check', tone: 'good', word: 'Delivered' },
  given_up: { shape: 'cross', tone: 'bad', word: 'Given up' },
};

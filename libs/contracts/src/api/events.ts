import { z } from 'zod';
import { change } from '../streams';

export const eventTopic = z.enum(['gateways', 'commands', 'certificates', 'alerts']);
export type EventTopic = z.infer<typeof eventTopic>;

/** `GET /admin/api/events?topics=gateways,commands`; nothing given means every topic that the caller may see. */
export const eventsQuery = z.strictObject({ topics: z.string().max(128).optional() });

/**
 * The events of the stream. `change`: something changed, fetch it again if you show it. `gap`: events were missed,
 * fetch everything again. `ready`: sent once, after which every change is reported.
 */
export const changeEvent = change;
export type ChangeEvent = z.infer<typeof changeEvent>;

export const topicOfKind: Record<ChangeEvent['kind'], EventTopic> = {
  gateway: 'gateways',
  command: 'commands',
  certificate: 'certificates',
  operation: 'certificates',
  server: 'certificates',
  alert: 'alerts',
  approval: 'commands',
  verb_policy: 'commands',
};

import { z } from 'zod';
import { streams } from '../names';
import { timestamp } from '../primitives';
import { streamContract } from './stream-contract';

export const alertsBody = z.object({
  action: z.enum(['raised', 'cleared']),
  /** The same key raises and clears; a repeated `raised` is one alert. */
  dedupe_key: z.string().max(256),
  severity: z.enum(['info', 'warning', 'critical']),
  title: z.string().max(200),
  detail: z.string().max(2_000).optional(),
  at: timestamp,
});
export type AlertsBody = z.infer<typeof alertsBody>;

export const alertsStream = streamContract(streams.alerts, 1, alertsBody, [
  {
    action: 'raised',
    dedupe_key: 'gateway-lost:gw-berlin-1',
    severity: 'critical',
    title: 'Gateway gw-berlin-1 is lost',
    at: '2026-11-21T08:05:00.000Z',
  },
]);

import { z } from 'zod';
import { isAlertOf, type AlertWriter } from '../alert-subject';
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

/** Alerts of any kind: what the backend says, and what former versions of the others have left. */
export const alertsStream = streamContract(streams.alerts, 1, alertsBody, [
  {
    action: 'raised',
    dedupe_key: 'gateway-lost:gw-berlin-1',
    severity: 'critical',
    title: 'Gateway gw-berlin-1 is lost',
    at: '2026-11-21T08:05:00.000Z',
  },
]);

/**
 * What a writer says in a stream of its own, where Redis lets nobody else write. An entry of a kind that is not the writer's does not
 * match the schema: so it cannot raise or clear what others have noticed.
 */
const bodyOf = (writer: AlertWriter) =>
  alertsBody.refine(({ dedupe_key }) => isAlertOf(writer, dedupe_key), {
    path: ['dedupe_key'],
    error: `no kind of alerts that the ${writer} raises`,
  });

const at = '2026-11-21T08:05:00.000Z';

export const bridgeAlertsStream = streamContract(streams.bridgeAlerts, 1, bodyOf('agent-bridge'), [
  {
    action: 'raised',
    dedupe_key: 'agent-contested:gw-berlin-1',
    severity: 'critical',
    title: 'Two hosts claim to be gateway gw-berlin-1',
    at,
  },
]);

export const resultsAlertsStream = streamContract(streams.resultsAlerts, 1, bodyOf('results-writer'), [
  {
    action: 'raised',
    dedupe_key: 'result-signature:gw-berlin-1',
    severity: 'critical',
    title: 'A result of gateway gw-berlin-1 cannot be believed',
    at,
  },
]);

export const certAlertsStream = streamContract(streams.certAlerts, 1, bodyOf('cert-worker'), [
  {
    action: 'cleared',
    dedupe_key: 'certificate-operation:01939a2e-7b1c-7c3d-8e4f-5a6b7c8d9e0f:renew',
    severity: 'info',
    title: 'Succeeded: renew of www.example.org',
    at,
  },
]);

/** All that the notifier reads alerts from. */
export const alertStreams = [
  alertsStream,
  bridgeAlertsStream,
  resultsAlertsStream,
  certAlertsStream,
] as const;

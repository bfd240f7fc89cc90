import { z } from 'zod';
import { alertSeverity } from './alerts';
import { listQuery, page } from './problem';

/** What receivers are told of. Several may fit one event; a channel gets it once, as the first one that it wants. */
export const notificationType = z.enum([
  'certificate.issued',
  'certificate.renewed',
  'certificate.deployed',
  'certificate.revoked',
  'certificate.expiring',
  'renewal.failing',
  'certificate.drift',
  'alert.raised',
  'alert.resolved',
]);
export type NotificationType = z.infer<typeof notificationType>;

const webhookUrl = z
  .string()
  .max(2_048)
  .refine(
    (text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, username, password, hash } = new URL(text);
      return protocol === 'https:' && username === '' && password === '' && hash === '';
    },
    { error: 'an https:// URL without user, password and fragment' },
  );

const choices = {
  name: z.string().trim().min(1).max(128),
  /** May be a secret by itself: path and query are shown to nobody but those who may change it, and stand in no audit line. */
  url: webhookUrl,
  /** Empty: all. */
  events: z.array(notificationType).max(notificationType.options.length),
  /** Of alerts; what becomes of certificates has no severity. */
  min_severity: alertSeverity,
  enabled: z.boolean(),
};

export const notificationChannelCreate = z.strictObject({
  kind: z.literal('webhook').default('webhook'),
  name: choices.name,
  url: choices.url,
  events: choices.events.default([]),
  min_severity: choices.min_severity.default('info'),
  enabled: choices.enabled.default(true),
});

export const notificationChannelChange = z.strictObject(choices).partial();

export const notificationChannel = z.object({
  id: z.string(),
  kind: z.literal('webhook'),
  name: z.string(),
  /** Only its origin for callers without `system:write`. */
  url: z.string(),
  events: z.array(z.string()),
  min_severity: alertSeverity,
  enabled: z.boolean(),
  created_at: z.string(),
  last_delivered_at: z.string().nullable(),
  last_failed_at: z.string().nullable(),
  last_error: z.string().nullable(),
  /** Nothing has arrived since, although it was tried. */
  failing_since: z.string().nullable(),
  /** Waiting to be delivered. */
  pending: z.int(),
});
export type NotificationChannel = z.infer<typeof notificationChannel>;
export const notificationChannelPage = page(notificationChannel);

/** `whsec_` and base64 of 32 bytes, as Standard Webhooks has it. Shown by the answer that makes it, and never again. */
export const notificationChannelCreated = notificationChannel.extend({ secret: z.string() });

/** The former secret signs too until then, so that the receiver can take the new one meanwhile. */
export const secretRotate = z.strictObject({ overlap_s: z.int().min(0).max(2_592_000).default(86_400) });
export const secretRotated = z.object({ secret: z.string(), former_retires_at: z.string() });
export type SecretRotated = z.infer<typeof secretRotated>;

export const delivery = z.object({
  /** `webhook-id` of every attempt. */
  id: z.string(),
  type: z.string(),
  state: z.enum(['pending', 'delivered', 'given_up']),
  attempts: z.int(),
  created_at: z.string(),
  next_attempt_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  last_status: z.int().nullable(),
  last_error: z.string().nullable(),
});
export type Delivery = z.infer<typeof delivery>;
export const deliveryListQuery = z.strictObject({ ...listQuery, state: delivery.shape.state.optional() });
export const deliveryPage = page(delivery);
export const testAccepted = z.object({ delivery_id: z.string() });

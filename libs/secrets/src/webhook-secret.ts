import { randomBytes } from 'node:crypto';
import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox } from './secret-box';

const PREFIX = 'whsec_';
const contextOf = (id: string) => ({ purpose: 'notification-channel.webhook-secret', id });

/** 256 bits as Standard Webhooks writes them: `whsec_` and base64. */
export const generateWebhookSecret = (): string => `${PREFIX}${randomBytes(32).toString('base64')}`;

/** For `notification_secrets.sealed`: the backend seals, only the notifier opens. `id` is the row's. */
export const sealWebhookSecret = (box: SecretBox, id: string, secret: string): SealedSecret =>
  box.seal(secret, contextOf(id));

/** The key of the HMAC. @throws AppError INTERNAL_ERROR when it does not open or is none; never quotes what it found */
export function openWebhookSecret(box: SecretBox, id: string, sealed: unknown): Buffer {
  const text = box.openText(sealed, contextOf(id));
  const key = Buffer.from(text.slice(PREFIX.length), 'base64');
  if (!text.startsWith(PREFIX) || key.length < 24)
    throw new AppError('INTERNAL_ERROR', `the webhook secret ${id} holds something else`);
  return key;
}

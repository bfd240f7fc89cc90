import type { DueNotification } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Counter, Logger, ReachableAddresses } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import { openWebhookSecret, webhookSignatureHeaders } from '@viw/secrets';
import type { AlertChanges } from '../alerts/alert-changes';
import type { Store } from '../store';
import { failingAlert } from './failing-alert';
import { nextTry } from './next-try';
import { postWebhook } from './post-webhook';

export interface DeliveryOptions {
  readonly timeoutMs: number;
  readonly ca?: string | undefined;
  readonly attempts: number;
  /** Before the second attempt, seconds. */
  readonly firstPauseS: number;
}

export interface DeliveryDeps {
  readonly store: Store;
  readonly alertChanges: AlertChanges;
  readonly box: SecretBox;
  readonly addresses: ReachableAddresses;
  readonly deliveries: Counter<'outcome'>;
  readonly logger: Logger;
}

interface Outcome {
  readonly status?: number;
  /** Undefined: delivered. */
  readonly error?: string;
}

/** One attempt, and what is stored of it. */
export class Delivery {
  constructor(
    private readonly options: DeliveryOptions,
    private readonly deps: DeliveryDeps,
  ) {}

  /**
   * @param signal ends the attempt; it then counts for nothing and is made again
   * @throws what Postgres threw; the signal's reason. The attempt is made again then, with the same id
   */
  async attempt(notification: DueNotification, signal: AbortSignal): Promise<void> {
    const { status, error } = await this.#send(notification, signal);
    const { id, channel_id, type } = notification;
    const facts = { notification_id: id, channel_id, type, ...(status !== undefined && { status }) };
    if (error === undefined) {
      await this.#delivered(notification, status ?? 0);
      this.deps.deliveries.inc({ outcome: 'delivered' });
      this.deps.logger.debug({ event: 'notification_delivered', ...facts }, 'delivered');
      return;
    }
    const { attempts: allowed, firstPauseS } = this.options;
    const made = notification.attempts + 1;
    const retryInS = nextTry({ made, allowed, firstPauseS }, status, Math.random());
    await this.#failed(notification, { status, error, retryInS });
    this.deps.deliveries.inc({ outcome: retryInS === null ? 'given_up' : 'failed' });
    const word = { event: 'notification_not_delivered', ...facts, attempt: made, reason: error };
    this.deps.logger.warn(word, retryInS === null ? 'given up' : 'tried again later');
  }

  async #send({ id, channel_id, url, body }: DueNotification, signal: AbortSignal): Promise<Outcome> {
    const { store, box, addresses } = this.deps;
    const secrets = await store.repositories.queue.secrets(channel_id);
    try {
      const keys = secrets.map((secret) => openWebhookSecret(box, secret.id, secret.sealed));
      if (keys.length === 0) return { error: 'the channel has no secret to sign with' };
      const headers = webhookSignatureHeaders({ id, timestamp: Math.floor(Date.now() / 1_000), body }, keys);
      const status = await postWebhook({ url, headers, body }, this.options, { addresses, signal });
      return status >= 200 && status < 300 ? { status } : { status, error: `answered ${status}` };
    } catch (error) {
      if (signal.aborted) throw error;
      return { error: error instanceof AppError ? error.message : 'cannot be sent' };
    }
  }

  async #delivered(notification: DueNotification, status: number): Promise<void> {
    if (!notification.failing)
      return this.deps.store.repositories.queue.recordDelivered(notification, status);
    await this.deps.alertChanges.make(async ({ queue, alertIntake }) => {
      await queue.recordDelivered(notification, status);
      return alertIntake.apply([
        failingAlert(notification.channel_id, 'cleared', 'Notifications arrive again'),
      ]);
    });
  }

  /** That it was given up, and the alert about it, are stored together. */
  async #failed(
    notification: DueNotification,
    failed: { readonly status: number | undefined; readonly error: string; readonly retryInS: number | null },
  ): Promise<void> {
    if (failed.retryInS !== null)
      return this.deps.store.repositories.queue.recordFailed(notification, failed);
    await this.deps.alertChanges.make(async ({ queue, alertIntake }) => {
      await queue.recordFailed(notification, failed);
      const name = (await queue.channelName(notification.channel_id)) ?? 'a channel';
      const title = `Notifications do not arrive: ${name}`;
      return alertIntake.apply([failingAlert(notification.channel_id, 'raised', title, failed.error)]);
    });
  }
}

import { createHash } from 'node:crypto';
import type {
  Delivery,
  NotificationChannel,
  notificationChannelChange,
  notificationChannelCreate,
  notificationChannelCreated,
  secretRotated,
} from '@viw/contracts';
import type { ListOptions, Page, SealedChannelSecret } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import { generateWebhookSecret, sealWebhookSecret } from '@viw/secrets';
import type { z } from 'zod';
import type { Caller } from '../auth/caller';
import { may } from '../policy/access';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface NotificationChannelServiceDeps {
  readonly repositories: Pick<Repositories, 'notificationChannels'>;
  readonly writes: IdempotentWrites;
  readonly box: SecretBox;
}

/** Where notifications go. The backend keeps the channels and never connects to one: the notifier does. */
export class NotificationChannelService {
  constructor(private readonly deps: NotificationChannelServiceDeps) {}

  async list(caller: Caller, options: ListOptions): Promise<Page<NotificationChannel>> {
    const page = await this.deps.repositories.notificationChannels.list(options);
    return { ...page, items: page.items.map((channel) => shownTo(caller, channel)) };
  }

  /** @throws AppError NOT_FOUND */
  async get(caller: Caller, id: string): Promise<NotificationChannel> {
    return shownTo(caller, await found(this.deps.repositories, id));
  }

  /** The answer is the only one that shows the secret. @throws AppError ALREADY_EXISTS, CONFLICT */
  create(
    write: WriteRequest,
    input: z.output<typeof notificationChannelCreate>,
  ): Promise<z.input<typeof notificationChannelCreated>> {
    const id = uuidv7();
    const { secret, sealed } = this.#newSecret();
    const work = async (repositories: Repositories) => {
      await repositories.notificationChannels.create({ id, ...input }, sealed);
      const answer = { ...(await found(repositories, id)), secret };
      return { answer, ...told('create', id, withoutCapability(input)) };
    };
    return this.deps.writes.perform(write, work, { shownOnce: true });
  }

  /** @throws AppError NOT_FOUND, ALREADY_EXISTS */
  change(
    write: WriteRequest,
    id: string,
    input: z.output<typeof notificationChannelChange>,
  ): Promise<NotificationChannel> {
    return this.deps.writes.perform(write, async (repositories) => {
      if (!(await repositories.notificationChannels.change(id, input))) throw unknown();
      return { answer: await found(repositories, id), ...told('change', id, withoutCapability(input)) };
    });
  }

  /** With what waits for it. @throws AppError NOT_FOUND */
  async delete(write: WriteRequest, id: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ notificationChannels }) => {
      if (!(await notificationChannels.delete(id))) throw unknown();
      return { answer: null, ...told('delete', id, {}) };
    });
  }

  /** Both secrets sign until the former one retires. @throws AppError NOT_FOUND */
  rotateSecret(write: WriteRequest, id: string, overlapS: number): Promise<z.input<typeof secretRotated>> {
    const { secret, sealed } = this.#newSecret();
    const work = async (repositories: Repositories) => {
      const { notificationChannels: channels } = repositories;
      await found(repositories, id);
      const former_retires_at = await channels.retireSecrets(id, overlapS);
      await channels.addSecret(id, sealed);
      return { answer: { secret, former_retires_at }, ...told('rotate_secret', id, { overlap_s: overlapS }) };
    };
    return this.deps.writes.perform(write, work, { shownOnce: true });
  }

  /** Lets the notifier deliver a test; what comes of it stands among the deliveries. @throws AppError NOT_FOUND */
  test(write: WriteRequest, id: string): Promise<{ delivery_id: string }> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { name } = await found(repositories, id);
      const bodyOf = (deliveryId: string) =>
        JSON.stringify({
          type: 'test',
          timestamp: new Date().toISOString(),
          data: { delivery_id: deliveryId, channel: name, asked_by: write.caller.name },
        });
      const delivery_id = await repositories.notificationChannels.enqueueTest(id, bodyOf);
      return { answer: { delivery_id }, ...told('test', id, { delivery_id }) };
    });
  }

  /** @throws AppError NOT_FOUND */
  async deliveries(
    id: string,
    options: ListOptions & { readonly state?: Delivery['state'] | undefined },
  ): Promise<Page<Delivery>> {
    await found(this.deps.repositories, id);
    return this.deps.repositories.notificationChannels.deliveries(id, options);
  }

  #newSecret(): { readonly secret: string; readonly sealed: SealedChannelSecret } {
    const [id, secret] = [uuidv7(), generateWebhookSecret()];
    return { secret, sealed: { id, sealed: sealWebhookSecret(this.deps.box, id, secret) } };
  }
}

async function found(
  { notificationChannels }: Pick<Repositories, 'notificationChannels'>,
  id: string,
): Promise<NotificationChannel> {
  const channel = await notificationChannels.get(id);
  if (!channel) throw unknown();
  return channel;
}

const unknown = (): AppError => new AppError('NOT_FOUND', 'No such notification channel');

/** Who knows the address of many receivers may post there: it is for those who could set it. */
const shownTo = (caller: Caller, channel: NotificationChannel): NotificationChannel =>
  may(caller, 'system:write') ? channel : { ...channel, url: new URL(channel.url).origin };

/** For the audit log, which is read by others and kept for ever; the digest (SHA-256 in hex) tells one address from another. */
const withoutCapability = <T extends { readonly url?: string | undefined }>({ url, ...rest }: T) => ({
  ...rest,
  ...(url !== undefined && {
    url_origin: new URL(url).origin,
    url_sha256: createHash('sha256').update(url).digest('hex'),
  }),
});

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: {
    action: `notification_channel.${action}`,
    object: { kind: 'notification_channel', id },
    detail: { ...detail },
  },
});

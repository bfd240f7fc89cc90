import type { Delivery, NotificationChannel } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface NewNotificationChannel {
  /** Made by the caller (UUIDv7). */
  readonly id: string;
  readonly kind: 'webhook';
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly min_severity: 'info' | 'warning' | 'critical';
  readonly enabled: boolean;
}

/** What is undefined stays. */
export type NotificationChannelChange = {
  readonly [K in Exclude<keyof NewNotificationChannel, 'id' | 'kind'>]?:
    NewNotificationChannel[K] | undefined;
};

/** The envelope is bound to `id`. */
export interface SealedChannelSecret {
  readonly id: string;
  readonly sealed: SealedEnvelope;
}

/** Each has a lane of its own in the notifier, so that a slow one holds up nobody. */
export const MAX_CHANNELS = 50;

/** Channels as people keep them. Of secrets it can only write. */
export class NotificationChannelRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** To be called in a transaction. @throws AppError ALREADY_EXISTS when the name is in use, CONFLICT when there are too many */
  async create(channel: NewNotificationChannel, secret: SealedChannelSecret): Promise<void> {
    const { db } = this.deps;
    const { n } = await db
      .selectFrom('notification_channels')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    if (n >= MAX_CHANNELS)
      throw new AppError('CONFLICT', `There are ${MAX_CHANNELS} channels, which is as many as there may be`);
    await this.#unlessNameIsInUse(
      db
        .insertInto('notification_channels')
        .values({ ...channel, events: [...channel.events], last_error: null })
        .execute(),
    );
    await this.addSecret(channel.id, secret);
  }

  async addSecret(channelId: string, { id, sealed }: SealedChannelSecret): Promise<void> {
    await this.deps.db
      .insertInto('notification_secrets')
      .values({ id, channel_id: channelId, sealed: JSON.stringify(sealed) })
      .execute();
  }

  /** Those before the newest: the last of them signs for `overlapS` more, older ones no longer. @returns until when */
  async retireSecrets(channelId: string, overlapS: number): Promise<string> {
    const { rows } = await sql<{
      at: string;
    }>`SELECT (now() + make_interval(secs => ${overlapS}))::timestamptz(3) AS at`.execute(this.deps.db);
    const at = rows[0]?.at ?? new Date().toISOString();
    await sql`DELETE FROM viw.notification_secrets WHERE channel_id = ${channelId} AND retires_at IS NOT NULL`.execute(
      this.deps.db,
    );
    await sql`UPDATE viw.notification_secrets SET retires_at = ${at} WHERE channel_id = ${channelId} AND retires_at IS NULL`.execute(
      this.deps.db,
    );
    return at;
  }

  async get(id: string): Promise<NotificationChannel | undefined> {
    if (!isUuid(id)) return undefined;
    return this.#shown().where('id', '=', id).executeTakeFirst();
  }

  /** Newest first. */
  list(options: ListOptions = {}): Promise<Page<NotificationChannel>> {
    return newestFirst(this.#shown(), options);
  }

  /** False when there is none. @throws AppError ALREADY_EXISTS when the name is in use */
  async change(id: string, { events, ...rest }: NotificationChannelChange): Promise<boolean> {
    if (!isUuid(id)) return false;
    const values = { ...rest, ...(events && { events: [...events] }) };
    if (Object.values(values).every((value) => value === undefined))
      return (await this.get(id)) !== undefined;
    const result = await this.#unlessNameIsInUse(
      this.deps.db.updateTable('notification_channels').set(values).where('id', '=', id).executeTakeFirst(),
    );
    return result.numUpdatedRows > 0n;
  }

  /** With its secrets and everything that waits for it. False when there was none. */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const { db } = this.deps;
    const result = await db.deleteFrom('notification_channels').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** Something to deliver that nothing has happened for. @returns its id */
  async enqueueTest(channelId: string, bodyOf: (id: string) => string): Promise<string> {
    const id = uuidv7();
    await this.deps.db
      .insertInto('notifications')
      .values({
        ...{ id, channel_id: channelId, event_id: id, type: 'test', body: bodyOf(id) },
        ...{ last_status: null, last_error: null },
      })
      .execute();
    return id;
  }

  /** Newest first. */
  deliveries(
    channelId: string,
    { state, ...options }: ListOptions & { readonly state?: Delivery['state'] | undefined },
  ): Promise<Page<Delivery>> {
    const all = this.deps.db
      .selectFrom('notifications')
      .select(['id', 'type', 'state', 'attempts', 'created_at', 'finished_at', 'last_status', 'last_error'])
      .select(sql<string | null>`CASE WHEN state = 'pending' THEN next_attempt_at END`.as('next_attempt_at'))
      .where('channel_id', '=', channelId);
    return newestFirst(state === undefined ? all : all.where('state', '=', state), options);
  }

  #shown() {
    return this.deps.db
      .selectFrom('notification_channels')
      .select(['id', 'kind', 'name', 'url', 'events', 'min_severity', 'enabled', 'created_at'])
      .select(['last_delivered_at', 'last_failed_at', 'last_error', 'failing_since'])
      .select(
        sql<number>`(SELECT count(*) FROM viw.notifications n
          WHERE n.channel_id = notification_channels.id AND n.state = 'pending')`.as('pending'),
      );
  }

  async #unlessNameIsInUse<T>(writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      throw error;
    }
  }
}

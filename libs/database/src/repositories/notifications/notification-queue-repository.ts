import { isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

/** Whoever is to be told. */
export interface ListeningChannel {
  id: string;
  events: string[];
  min_severity: 'info' | 'warning' | 'critical';
  created_at: string;
}

export interface NewNotification {
  /** UUIDv7, made by the caller: it is in the body. */
  readonly id: string;
  readonly channel_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly body: string;
}

/** One to be delivered now. */
export interface DueNotification {
  id: string;
  channel_id: string;
  url: string;
  type: string;
  body: string;
  /** So far. */
  attempts: number;
  failing: boolean;
}

export interface FailedDelivery {
  readonly status?: number | undefined;
  readonly error: string;
  /** Null: given up. */
  readonly retryInS: number | null;
}

/** What waits to be delivered, for the notifier. */
export class NotificationQueueRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  listening(): Promise<ListeningChannel[]> {
    return this.deps.db
      .selectFrom('notification_channels')
      .select(['id', 'events', 'min_severity', 'created_at'])
      .where('enabled', '=', true)
      .orderBy('id')
      .execute();
  }

  /** What is there already stays as it is; what is for a channel that has been deleted meanwhile is left out. */
  async enqueue(notifications: readonly NewNotification[]): Promise<void> {
    if (notifications.length === 0) return;
    const column = <K extends keyof NewNotification>(name: K) => notifications.map((each) => each[name]);
    await sql`
      INSERT INTO viw.notifications (id, channel_id, event_id, type, body)
      SELECT i.* FROM unnest(${column('id')}::uuid[], ${column('channel_id')}::uuid[], ${column('event_id')}::uuid[],
        ${column('type')}::text[], ${column('body')}::text[]) AS i (id, channel_id, event_id, type, body)
      JOIN viw.notification_channels c ON c.id = i.channel_id
      ON CONFLICT (channel_id, event_id, type) DO NOTHING`.execute(this.deps.db);
  }

  /**
   * At most one per channel: the oldest, as long as it was tried fewer than `orderedAttempts` times; until then nothing
   * overtakes it. Later it comes when its time has come, and holds up nothing.
   * @param busy channels that are left out
   */
  async due(busy: readonly string[], orderedAttempts: number): Promise<DueNotification[]> {
    const { rows } = await sql<DueNotification>`
      SELECT n.id, c.id AS channel_id, c.url, n.type, n.body, n.attempts, c.failing_since IS NOT NULL AS failing
      FROM viw.notification_channels c
      CROSS JOIN LATERAL (
        SELECT * FROM (
          (SELECT * FROM viw.notifications WHERE channel_id = c.id AND state = 'pending'
              AND attempts < ${orderedAttempts} ORDER BY id LIMIT 1)
          UNION ALL
          (SELECT * FROM viw.notifications WHERE channel_id = c.id AND state = 'pending'
              AND attempts >= ${orderedAttempts} AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT 1)
        ) AS candidates WHERE next_attempt_at <= now() ORDER BY attempts LIMIT 1
      ) AS n
      WHERE c.enabled AND NOT c.id = ANY(${[...busy]}::uuid[])
      ORDER BY n.id`.execute(this.deps.db);
    return rows;
  }

  /** The newest first; those that have retired are left out. */
  async secrets(channelId: string): Promise<{ id: string; sealed: SealedEnvelope }[]> {
    const { rows } = await sql<{ id: string; sealed: SealedEnvelope }>`
      SELECT id, sealed FROM viw.notification_secrets
      WHERE channel_id = ${channelId} AND (retires_at IS NULL OR retires_at > now()) ORDER BY id DESC LIMIT 2`.execute(
      this.deps.db,
    );
    return rows;
  }

  async recordDelivered({ id, channel_id }: DueNotification, status: number): Promise<void> {
    await sql`
      WITH done AS (UPDATE viw.notifications SET state = 'delivered', attempts = attempts + 1, finished_at = now(),
          last_status = ${status}, last_error = NULL WHERE id = ${id} AND state = 'pending')
      UPDATE viw.notification_channels SET last_delivered_at = now(), failing_since = NULL, last_error = NULL
      WHERE id = ${channel_id}`.execute(this.deps.db);
  }

  async recordFailed({ id, channel_id }: DueNotification, failed: FailedDelivery): Promise<void> {
    const { status = null, error, retryInS } = failed;
    await sql`
      WITH tried AS (UPDATE viw.notifications SET attempts = attempts + 1, last_status = ${status}, last_error = ${error},
          state = CASE WHEN ${retryInS}::float8 IS NULL THEN 'given_up' ELSE 'pending' END,
          finished_at = CASE WHEN ${retryInS}::float8 IS NULL THEN now() END,
          next_attempt_at = now() + make_interval(secs => coalesce(${retryInS}::float8, 0))
        WHERE id = ${id} AND state = 'pending')
      UPDATE viw.notification_channels SET last_failed_at = now(), last_error = ${error},
        failing_since = coalesce(failing_since, now())
      WHERE id = ${channel_id}`.execute(this.deps.db);
  }

  /** Gives up what has waited too long, and the oldest of a channel that too much waits for. @returns the channels that were not paused */
  async giveUp({
    waitedDays,
    perChannel,
  }: {
    readonly waitedDays: number;
    readonly perChannel: number;
  }): Promise<{ id: string; name: string }[]> {
    const { rows } = await sql<{ id: string; name: string }>`
      WITH channel AS (
        SELECT c.id, c.name, c.enabled, (SELECT o.id FROM viw.notifications o
          WHERE o.channel_id = c.id AND o.state = 'pending' ORDER BY o.id DESC OFFSET ${perChannel} LIMIT 1) AS too_many
        FROM viw.notification_channels c
      ), given_up AS (
        UPDATE viw.notifications n SET state = 'given_up', finished_at = now(),
          last_error = coalesce(n.last_error, 'not delivered in time')
        FROM channel WHERE n.channel_id = channel.id AND n.state = 'pending'
          AND (n.created_at < now() - make_interval(days => ${waitedDays}) OR n.id <= channel.too_many)
        RETURNING n.channel_id
      ), failing AS (
        -- So that what arrives next clears the alert about it.
        UPDATE viw.notification_channels SET failing_since = coalesce(failing_since, now())
        WHERE id IN (SELECT channel_id FROM given_up)
      )
      SELECT id, name FROM channel WHERE enabled AND id IN (SELECT channel_id FROM given_up)`.execute(
      this.deps.db,
    );
    return rows;
  }

  /** Deletes what ended longer ago, at most `limit`. */
  async prune(days: number, limit: number): Promise<void> {
    await sql`DELETE FROM viw.notifications WHERE id IN (SELECT id FROM viw.notifications
      WHERE state <> 'pending' AND finished_at < now() - make_interval(days => ${days}) LIMIT ${limit})`.execute(
      this.deps.db,
    );
  }

  async channelName(id: string): Promise<string | undefined> {
    if (!isUuid(id)) return undefined;
    const row = await this.deps.db
      .selectFrom('notification_channels')
      .select('name')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.name;
  }
}

import type { StreamContract, StreamName } from '@viw/contracts';
import { streams } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { CommandChange } from '../commands/command-record';
import type { RepositoryDeps } from '../repository';

export interface OutboxEntry {
  id: number;
  stream: StreamName;
  event_id: string;
  v: number;
  correlation_id: string | null;
  body: Record<string, unknown>;
  created_at: string;
}

/**
 * Entries on their way to a stream. They are written in the transaction of the change they tell of; the relay publishes
 * them after its commit, in the order of their ids. One may be published twice: readers tell by `event_id`.
 */
export class OutboxRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Call it with the transaction that makes the change. The body is held against the contract. @returns the event id */
  async enqueue<C extends StreamContract>(
    contract: C,
    body: C['examples'][number],
    correlationId?: string | null,
  ): Promise<string> {
    const eventId = uuidv7();
    await this.deps.db
      .insertInto('outbox')
      .values({
        stream: contract.stream,
        event_id: eventId,
        v: contract.version,
        correlation_id: correlationId ?? null,
        body: JSON.stringify(contract.body.parse(body)),
      })
      .execute();
    return eventId;
  }

  /**
   * The oldest unpublished entries; before all others those of the gateway registry, so that a freeze or revocation does
   * not queue behind the commands that it is to stop. Nothing is locked: only the holder of the relay lock may call it.
   * @param except ids that are published, and just being marked so
   */
  async claimBatch(limit: number, except: readonly number[] = []): Promise<OutboxEntry[]> {
    const oldest = (urgent: boolean) => sql`
      SELECT id, stream, event_id, v, correlation_id, body, created_at, ${sql.lit(urgent)} AS urgent FROM viw.outbox
      WHERE published_at IS NULL AND stream ${urgent ? sql`=` : sql`<>`} ${sql.lit(streams.gatewayRegistry)}
        AND id <> ALL (${[...except]}::bigint[])
      ORDER BY id LIMIT ${limit}`;
    const { rows } = await sql<OutboxEntry>`
      SELECT id, stream, event_id, v, correlation_id, body, created_at
      FROM ((${oldest(true)}) UNION ALL (${oldest(false)})) entries
      ORDER BY urgent DESC, id LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /**
   * After the stream has confirmed them: published, and commands that were on their way there `queued` at the same moment.
   * Those that have moved on already stay as they are.
   * @returns the commands
   */
  async markPublished(
    entries: readonly Pick<OutboxEntry, 'id' | 'stream' | 'body'>[],
  ): Promise<CommandChange[]> {
    const commands = entries.filter(
      ({ stream, body }) => stream === streams.commands && body['kind'] === 'run',
    );
    const { rows } = await sql<CommandChange>`
      WITH published AS (
        UPDATE viw.outbox SET published_at = now()
        WHERE id = ANY (${entries.map(({ id }) => id)}::bigint[]) AND published_at IS NULL
      ), before AS (
        SELECT correlation_id FROM viw.agent_commands
        WHERE correlation_id = ANY (${commands.map(({ body }) => String(body['correlation_id']))}::uuid[])
          AND queued_at IS NULL
        ORDER BY correlation_id FOR UPDATE
      )
      UPDATE viw.agent_commands c SET queued_at = coalesce(c.queued_at, now()),
        status = CASE WHEN c.status = 'accepted' THEN 'queued' ELSE c.status END
      FROM before WHERE c.correlation_id = before.correlation_id
      RETURNING c.correlation_id, c.agent_id, c.status`.execute(this.deps.db);
    return rows;
  }

  /** Seconds, by the database's clock; null when everything is published. */
  async oldestUnpublishedAge(): Promise<number | null> {
    const { rows } = await sql<{ age: number | null }>`
      SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 AS age FROM viw.outbox
      WHERE published_at IS NULL ORDER BY id LIMIT 1`.execute(this.deps.db);
    return rows[0]?.age ?? null;
  }

  async countUnpublished(): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*) AS n FROM viw.outbox WHERE published_at IS NULL`.execute(this.deps.db);
    return rows[0]?.n ?? 0;
  }

  /** Retention of what was published. How many rows went. */
  async deletePublished(olderThanSeconds: number, limit = 10_000): Promise<number> {
    const { numAffectedRows } = await sql`
      DELETE FROM viw.outbox WHERE id IN (
        SELECT id FROM viw.outbox WHERE published_at < now() - make_interval(secs => ${olderThanSeconds})
        ORDER BY published_at LIMIT ${limit})`.execute(this.deps.db);
    return Number(numAffectedRows ?? 0);
  }
}

import { commandsStream } from '@viw/contracts';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { CommandChange, SignedCommand } from './command-record';
import { openStatuses, runBody } from './command-record';
import { OutboxRepository } from '../outbox/outbox-repository';
import type { RepositoryDeps } from '../repository';

export interface OverdueOptions {
  /** Time allowed for reports that are still in the streams. */
  readonly graceSeconds: number;
  /** Reports of hubs from this instant on (ISO 8601) have not all been read: nothing is ended that they may tell of. */
  readonly unreadSince?: string | undefined;
  /** At most so many per call; default 500. */
  readonly limit?: number;
}

export interface LostOptions {
  /**
   * Published so long ago and still not dispatched, although the gateway is connected. Each time it takes twice as
   * long: the gateway may be one that gets no commands at present, and every copy waits with those before it.
   */
  readonly afterSeconds: number;
  readonly limit?: number;
}

/** What the backend's reconciler does, under its own advisory lock: nothing stays open for ever, nothing stays lost. */
export class CommandReconcileRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Ends commands by the database's clock. Past their TTL and never dispatched: `expired`. Dispatched or acknowledged
   * and past TTL, the verb's time limit and the grace: `unknown`.
   */
  async endOverdue({ graceSeconds, unreadSince, limit = 500 }: OverdueOptions): Promise<CommandChange[]> {
    const by = sql`least(now(), ${unreadSince ?? null}::timestamptz)`;
    const { rows } = await sql<CommandChange>`
      UPDATE viw.agent_commands c SET finished_at = now(), status = o.next, reason = o.reason
      FROM (
        SELECT correlation_id,
          CASE WHEN status IN ('accepted', 'queued') THEN 'expired' ELSE 'unknown' END AS next,
          CASE WHEN status IN ('accepted', 'queued') THEN 'not delivered in time'
            ELSE 'delivered, outcome never learned' END AS reason
        FROM viw.agent_commands
        WHERE (status IN ('accepted', 'queued') AND expires_at + make_interval(secs => ${graceSeconds}) < ${by})
          OR (status IN ('dispatched', 'acknowledged')
            AND expires_at + make_interval(secs => timeout_s + ${graceSeconds}) < ${by})
        ORDER BY correlation_id LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) AS o
      WHERE c.correlation_id = o.correlation_id
      RETURNING c.correlation_id, c.agent_id, c.status`.execute(this.deps.db);
    return rows;
  }

  /**
   * Puts commands into the outbox again whose delivery must have got lost. The journal on the host makes a repeated
   * delivery harmless; for agents without one the hubs' marks do. One whose cancellation has been asked for stays as it
   * is: published after the cancellation it would be carried out. @returns their correlation ids
   */
  async requeueLost({ afterSeconds, limit = 100 }: LostOptions): Promise<string[]> {
    return inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql<SignedCommand>`
        UPDATE viw.agent_commands c SET queued_at = now()
        FROM (
          SELECT c.correlation_id FROM viw.agent_commands c JOIN viw.os_gateways g USING (agent_id)
          WHERE c.status = 'queued' AND c.expires_at > now() AND g.connected AND c.cancel_requested_at IS NULL
            AND c.queued_at < now() - greatest(make_interval(secs => ${afterSeconds}), c.queued_at - c.accepted_at)
            AND NOT EXISTS (SELECT FROM viw.outbox o WHERE o.correlation_id = c.correlation_id AND o.published_at IS NULL)
          ORDER BY c.accepted_at, c.correlation_id LIMIT ${limit} FOR UPDATE OF c SKIP LOCKED
        ) AS lost
        WHERE c.correlation_id = lost.correlation_id
        RETURNING c.correlation_id, c.agent_id, c.verb, c.accepted_at, c.expires_at, c.timeout_s, c.jws`.execute(
        trx,
      );
      const outbox = new OutboxRepository({ db: trx });
      const place = (row: SignedCommand): string => `${row.accepted_at} ${row.correlation_id}`;
      const inOrder = [...rows].sort((a, b) => (place(a) < place(b) ? -1 : 1));
      for (const row of inOrder) await outbox.enqueue(commandsStream, runBody(row), row.correlation_id);
      return inOrder.map((row) => row.correlation_id);
    });
  }

  /** Erases the signed text of ended commands that held secrets in clear, once nothing of them is to be published any more. */
  async forgetPlainSecrets(): Promise<void> {
    await sql`
      WITH ended AS (
        UPDATE viw.agent_commands c SET jws = '' WHERE plain_secrets AND jws <> '' AND status NOT IN ${openStatuses}
          AND NOT EXISTS (SELECT FROM viw.outbox o
            WHERE o.correlation_id = c.correlation_id AND o.published_at IS NULL)
        RETURNING correlation_id)
      DELETE FROM viw.outbox WHERE correlation_id IN (SELECT correlation_id FROM ended)`.execute(
      this.deps.db,
    );
  }
}

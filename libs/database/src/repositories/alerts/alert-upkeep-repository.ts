import type { Alert } from '@viw/contracts';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { RepositoryDeps } from '../repository';
import { alertColumns } from './alert-record';
import type { AlertTransition } from './alert-record';

/** Ends that no writer tells of, and retention. */
export class AlertUpkeepRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Resolves open alerts about what has been deleted or decommissioned: nobody is left to clear them. */
  resolveGone(limit: number): Promise<AlertTransition[]> {
    return this.#resolve(
      'subject_gone',
      sql<boolean>`NOT CASE a.about_kind
      WHEN 'certificate' THEN EXISTS (SELECT FROM viw.certificates c WHERE c.id = a.about_uuid AND c.deleted_at IS NULL)
      WHEN 'virtual_host' THEN EXISTS (SELECT FROM viw.virtual_hosts v WHERE v.id = a.about_uuid)
      WHEN 'notification_channel' THEN EXISTS (SELECT FROM viw.notification_channels n WHERE n.id = a.about_uuid)
      WHEN 'gateway' THEN NOT EXISTS (SELECT FROM viw.os_gateways g
        WHERE g.agent_id = a.about_id AND g.state = 'decommissioned')
      ELSE true END`,
      limit,
    );
  }

  /** Of these kinds, which tell of something that happened and are never cleared: acknowledged, and quiet for so long. */
  resolveQuiet(kinds: readonly string[], quietS: number, limit: number): Promise<AlertTransition[]> {
    return this.#resolve(
      'quiet',
      sql<boolean>`a.state = 'acknowledged' AND a.kind = ANY(${[...kinds]}::text[])
        AND greatest(a.acknowledged_at, a.last_raised_at) < now() - make_interval(secs => ${quietS})`,
      limit,
    );
  }

  async markEvaluated(): Promise<void> {
    await sql`INSERT INTO viw.alert_upkeep (evaluated_at) VALUES (now())
      ON CONFLICT (single) DO UPDATE SET evaluated_at = excluded.evaluated_at`.execute(this.deps.db);
  }

  /** Deletes at most `limit` of each; @returns how many in all. */
  async prune({
    resolvedDays,
    marksDays,
    limit,
  }: {
    readonly resolvedDays: number;
    readonly marksDays: number;
    readonly limit: number;
  }): Promise<number> {
    const old = await sql`DELETE FROM viw.alerts WHERE id IN (SELECT id FROM viw.alerts
      WHERE state = 'resolved' AND resolved_at < now() - make_interval(days => ${resolvedDays})
      LIMIT ${limit})`.execute(this.deps.db);
    const marks =
      await sql`DELETE FROM viw.alert_marks WHERE dedupe_key IN (SELECT dedupe_key FROM viw.alert_marks
      WHERE at < now() - make_interval(days => ${marksDays}) LIMIT ${limit})`.execute(this.deps.db);
    return Number(old.numAffectedRows ?? 0n) + Number(marks.numAffectedRows ?? 0n);
  }

  async #resolve(
    resolution: 'subject_gone' | 'quiet',
    condition: RawBuilder<boolean>,
    limit: number,
  ): Promise<AlertTransition[]> {
    const { rows } = await sql<Alert>`
      UPDATE viw.alerts AS a SET state = 'resolved', resolution = ${resolution}, resolved_at = now()
      WHERE a.id IN (SELECT a.id FROM viw.alerts a WHERE a.state <> 'resolved' AND ${condition}
        ORDER BY a.id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING ${alertColumns}`.execute(this.deps.db);
    return rows.map((alert) => ({
      change: 'resolved',
      alert,
      event_id: alert.id,
      at: alert.resolved_at ?? alert.last_raised_at,
    }));
  }
}

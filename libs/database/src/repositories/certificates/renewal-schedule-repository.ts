import { certRequestsStream } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import { AuditRepository } from '../audit/audit-repository';
import type { RepositoryDeps } from '../repository';

export interface RenewalPlanRecord {
  certificate_id: string;
  version_id: string;
  due_at: string;
  reason: 'ari' | 'lifetime' | 'emergency';
  jitter: number;
  suggested_start: string | null;
  suggested_end: string | null;
  suggested_instant: string | null;
  suggestion_url: string | null;
  heard_at: string | null;
  /** In a row, asking the CA. */
  ask_failures: number;
  look_again_at: string;
  /** Why it is not what the CA suggests, in words. */
  note: string | null;
}

/** A current version without a plan of its own, or with one that is to be looked at again. */
export interface UnplannedVersion {
  certificate_id: string;
  version_id: string;
  /** As the certificate names it, such as `acme`. */
  issuer: string;
  cert_pem: string;
  not_before: string;
  not_after: string;
  /** When it was made, if the scheduler had it made at the wish of the CA. */
  suggested_and_made_at: string | null;
  /** The plan so far; null for a version that has none. */
  plan: Omit<RenewalPlanRecord, 'certificate_id' | 'version_id'> | null;
}

export interface DueWork {
  certificate_id: string;
  kind: 'issue' | 'renew' | 'deploy' | 'revoke';
  /** When the certificate was looked at; anything newer makes the work moot. */
  last_operation_id: string | null;
}

/** How the whole fleet stands, for metrics. */
export interface RenewalOutlook {
  certificates: number;
  /** Past their end. */
  expired: number;
  /** In the last twentieth of their life. */
  emergency: number;
  failing: number;
  /** Of those that are not expired; null without any. */
  least_seconds_left: number | null;
}

/** Between renewals of a certificate whose revocation fails: well below the last twentieth of a life of six days. */
const BESIDE_REVOCATION_S = 4 * 3_600;

const inService = sql`c.in_service`;
const instant = (column: string) =>
  sql.raw(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** Stored schedule of renewals and repeated attempts. All times by the database's clock. */
export class RenewalScheduleRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** New versions first. @param except versions that cannot be planned at the moment */
  async unplanned(limit: number, except: readonly string[] = []): Promise<UnplannedVersion[]> {
    const { rows } = await sql<UnplannedVersion>`
      SELECT c.id AS certificate_id, v.id AS version_id, c.issuer, v.cert_pem, v.not_before, v.not_after,
        CASE WHEN o.issued_by_kind = 'system' AND o.parameters ->> 'renewal_reason' = 'ari' THEN v.created_at END
          AS suggested_and_made_at,
        CASE WHEN p.version_id = v.id THEN jsonb_build_object('due_at', ${instant('p.due_at')}, 'reason', p.reason,
          'jitter', p.jitter, 'suggested_start', ${instant('p.suggested_start')},
          'suggested_end', ${instant('p.suggested_end')}, 'suggested_instant', ${instant('p.suggested_instant')},
          'suggestion_url', p.suggestion_url, 'heard_at', ${instant('p.heard_at')},
          'ask_failures', p.ask_failures, 'look_again_at', ${instant('p.look_again_at')}, 'note', p.note) END AS plan
      FROM viw.certificates c JOIN viw.certificate_versions v ON v.id = c.current_version_id
      LEFT JOIN viw.renewal_plans p ON p.certificate_id = c.id
      LEFT JOIN viw.certificate_operations o ON o.id = v.operation_id
      WHERE ${inService} AND v.id <> ALL(${[...except]}::uuid[]) AND (p.version_id IS DISTINCT FROM v.id OR p.look_again_at <= now())
      ORDER BY p.version_id IS NOT DISTINCT FROM v.id, p.look_again_at LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /** Takes the place of the plan before, unless the version is no longer the current one. */
  async savePlan(plan: RenewalPlanRecord): Promise<void> {
    await sql`
      INSERT INTO viw.renewal_plans (certificate_id, version_id, due_at, reason, jitter, suggested_start, suggested_end,
        suggested_instant, suggestion_url, heard_at, ask_failures, look_again_at, note)
      SELECT c.id, c.current_version_id, ${plan.due_at}::timestamptz, ${plan.reason}, ${plan.jitter}::float8,
        ${plan.suggested_start}::timestamptz, ${plan.suggested_end}::timestamptz, ${plan.suggested_instant}::timestamptz,
        ${plan.suggestion_url}, ${plan.heard_at}::timestamptz, ${plan.ask_failures}::int, ${plan.look_again_at}::timestamptz,
        ${plan.note}
      FROM viw.certificates c WHERE c.id = ${plan.certificate_id} AND c.current_version_id = ${plan.version_id}
      ON CONFLICT (certificate_id) DO UPDATE SET version_id = excluded.version_id, due_at = excluded.due_at,
        reason = excluded.reason, jitter = excluded.jitter, suggested_start = excluded.suggested_start,
        suggested_end = excluded.suggested_end, suggested_instant = excluded.suggested_instant,
        suggestion_url = excluded.suggestion_url, heard_at = excluded.heard_at, ask_failures = excluded.ask_failures,
        look_again_at = excluded.look_again_at, note = excluded.note, planned_at = now()`.execute(
      this.deps.db,
    );
  }

  /**
   * What is to be begun now, of certificates that nobody works on; those with the least share of life left first. A
   * renewal that is due is not held up by a deployment that fails, but by a failed renewal's own next attempt. A revocation
   * that fails comes first and holds no renewal up; since only one of them has a record, such renewals keep a distance.
   */
  async due(limit: number): Promise<DueWork[]> {
    const { rows } = await sql<DueWork>`
      WITH candidates AS (
        SELECT certificate_id FROM viw.renewal_plans WHERE due_at <= now()
        UNION SELECT certificate_id FROM viw.certificate_failures WHERE retry_at <= now()
      )
      SELECT c.id AS certificate_id, w.kind, (SELECT o.id FROM viw.certificate_operations o
          WHERE o.certificate_id = c.id ORDER BY o.id DESC LIMIT 1) AS last_operation_id
      FROM candidates JOIN viw.certificates c ON c.id = candidates.certificate_id
      LEFT JOIN viw.certificate_versions v ON v.id = c.current_version_id
      LEFT JOIN viw.certificate_failures f ON f.certificate_id = c.id
      LEFT JOIN viw.renewal_plans p ON p.certificate_id = c.id AND p.version_id = c.current_version_id
      CROSS JOIN LATERAL (SELECT CASE
        WHEN f.next_kind = 'revoke' AND f.retry_at <= now() THEN 'revoke'
        WHEN p.due_at <= now() AND (f.next_kind IS NULL OR f.next_kind = 'deploy' OR (f.next_kind = 'revoke'
          AND NOT EXISTS (SELECT FROM viw.certificate_operations r WHERE r.certificate_id = c.id AND r.kind = 'renew'
            AND r.created_at > now() - make_interval(secs => ${BESIDE_REVOCATION_S})))) THEN 'renew'
        WHEN f.retry_at <= now() THEN f.next_kind END AS kind) w
      WHERE ${inService} AND w.kind IS NOT NULL AND NOT EXISTS (SELECT FROM viw.certificate_operations o
        WHERE o.certificate_id = c.id AND o.status IN ('accepted', 'running'))
      ORDER BY extract(epoch FROM v.not_after - now()) / nullif(extract(epoch FROM v.not_after - v.not_before), 0)
        NULLS LAST, c.id LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /** Operation and outbox entry, as for an accepted request. Undefined when something has happened meanwhile. */
  async begin({ certificate_id, kind, last_operation_id }: DueWork): Promise<string | undefined> {
    return inTransaction(this.deps.db, async (trx) => {
      const id = uuidv7();
      const { rows } = await sql<{ begun: boolean }>`
        SELECT viw.begin_scheduled_operation(${certificate_id}::uuid, ${last_operation_id}::uuid, ${id}::uuid, ${kind},
          ${uuidv7()}::uuid, ${certRequestsStream.version}::int) AS begun`.execute(trx);
      if (!rows[0]?.begun) return undefined;
      await new AuditRepository({ db: trx }).append({
        actor: { kind: 'system', id: 'scheduler', name: 'renewal' },
        action: `certificate.${kind}`,
        object: { kind: 'certificate', id: certificate_id },
        outcome: 'success',
        detail: { operation_id: id },
      });
      return id;
    });
  }

  /** Orders that the scheduler has caused in so many seconds. */
  async begunWithin(seconds: number): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*) AS n FROM viw.certificate_operations WHERE issued_by_kind = 'system'
        AND issued_by_id = 'scheduler' AND kind IN ('issue', 'renew') AND created_at > now() - make_interval(secs => ${seconds})`.execute(
      this.deps.db,
    );
    return rows[0]?.n ?? 0;
  }

  async outlook(): Promise<RenewalOutlook> {
    const { rows } = await sql<RenewalOutlook>`
      SELECT count(*) AS certificates, count(*) FILTER (WHERE v.not_after <= now()) AS expired,
        count(*) FILTER (WHERE now() >= v.not_after - (v.not_after - v.not_before) / 20 AND v.not_after > now())
          AS emergency,
        count(f.certificate_id) AS failing,
        extract(epoch FROM min(v.not_after) FILTER (WHERE v.not_after > now()) - now())::float8 AS least_seconds_left
      FROM viw.certificates c LEFT JOIN viw.certificate_versions v ON v.id = c.current_version_id
      LEFT JOIN viw.certificate_failures f ON f.certificate_id = c.id WHERE ${inService}`.execute(
      this.deps.db,
    );
    return rows[0]!;
  }
}

import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface CertificateAlertChange {
  certificate_id: string;
  /** `certificate.expiring`: the last twentieth of life has begun. `renewal.failing`: three attempts, or viw has stopped. */
  kind: 'certificate.expiring' | 'renewal.failing';
  /** Null: what was told is over. */
  severity: 'warning' | 'critical' | null;
  names: string[];
  /** End of the current version. */
  not_after: string | null;
  went_wrong: string | null;
}

const ending = sql`now() >= v.not_after - (v.not_after - v.not_before) / 20`;

/** What operations have been told about certificates, held against what there is to tell. */
export class CertificateAlertRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async changes(limit: number): Promise<CertificateAlertChange[]> {
    const { rows } = await sql<CertificateAlertChange>`
      WITH wanted AS (
        SELECT c.id AS certificate_id, 'certificate.expiring' AS kind, 'critical' AS severity, NULL AS went_wrong
        FROM viw.certificates c JOIN viw.certificate_versions v ON v.id = c.current_version_id
        WHERE c.in_service AND ${ending}
        UNION ALL
        SELECT c.id, 'renewal.failing', CASE WHEN ${ending} THEN 'critical' ELSE 'warning' END, f.went_wrong
        FROM viw.certificate_failures f JOIN viw.certificates c ON c.id = f.certificate_id
        LEFT JOIN viw.certificate_versions v ON v.id = c.current_version_id
        WHERE c.in_service AND (f.attempts >= 3 OR f.retry_at IS NULL)
      )
      SELECT d.certificate_id, d.kind, d.severity, d.went_wrong, c.names, v.not_after
      FROM (SELECT certificate_id, kind, w.severity, w.went_wrong, a.severity AS told
        FROM wanted w FULL JOIN viw.certificate_alerts a USING (certificate_id, kind)) AS d
      JOIN viw.certificates c ON c.id = d.certificate_id
      LEFT JOIN viw.certificate_versions v ON v.id = c.current_version_id
      WHERE d.severity IS DISTINCT FROM d.told ORDER BY d.certificate_id, d.kind LIMIT ${limit}`.execute(
      this.deps.db,
    );
    return rows;
  }

  /** After it has been published: a crash in between tells it once more. */
  async recordTold({
    certificate_id,
    kind,
    severity,
  }: Pick<CertificateAlertChange, 'certificate_id' | 'kind' | 'severity'>): Promise<void> {
    const { db } = this.deps;
    if (severity === null)
      await sql`DELETE FROM viw.certificate_alerts WHERE certificate_id = ${certificate_id} AND kind = ${kind}`.execute(
        db,
      );
    else
      await sql`INSERT INTO viw.certificate_alerts (certificate_id, kind, severity)
        VALUES (${certificate_id}, ${kind}, ${severity})
        ON CONFLICT (certificate_id, kind) DO UPDATE SET severity = excluded.severity, told_at = now()`.execute(
        db,
      );
  }
}

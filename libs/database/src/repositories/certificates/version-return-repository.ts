import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { RepositoryDeps } from '../repository';

/** Of the certificate, with its key, neither revoked nor in quarantine nor expired. */
const returnable = (certificateId: string, versionId: string) => sql`v.certificate_id = ${certificateId}
  AND v.id = ${versionId} AND v.private_key_sealed IS NOT NULL AND v.revoked_at IS NULL AND v.quarantined_at IS NULL
  AND v.not_after > now()`;

/** Versions that are put back into service. */
export class VersionReturnRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async isReturnable(certificateId: string, versionId: string): Promise<boolean> {
    if (!isUuid(versionId)) return false;
    const { rows } = await sql`SELECT 1 FROM viw.certificate_versions v
      WHERE ${returnable(certificateId, versionId)}`.execute(this.deps.db);
    return rows.length > 0;
  }

  /**
   * Makes it the certificate's current one, after it was proved to be served. The next renewal stays when it was planned, though
   * no later than the last twentieth of this version's life: an older version is often due by itself, and would be replaced at once.
   * Repeating changes nothing.
   * @param fencing from the claim of the operation
   * @throws AppError CONFLICT when the lease is lost; DEPLOY_REFUSED when it may not be served any more
   */
  async putInService(fencing: number, certificateId: string, versionId: string): Promise<void> {
    await inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql<{
        current: string | null;
      }>`SELECT current_version_id AS current FROM viw.certificates
        WHERE id = ${certificateId} AND fencing = ${fencing} FOR UPDATE`.execute(trx);
      if (!rows[0]) throw new AppError('CONFLICT', 'The lease on the certificate is lost');
      if (rows[0].current === versionId) return;
      const planned = await sql`
        INSERT INTO viw.renewal_plans AS p (certificate_id, version_id, due_at, reason, jitter, look_again_at, note)
        SELECT v.certificate_id, v.id, w.due_at, CASE WHEN w.due_at = w.latest THEN 'emergency' ELSE 'lifetime' END,
          random(), w.due_at, 'viw went back to this version: it is renewed when the one that was in service was to be, or in the last twentieth of its own life'
        FROM viw.certificate_versions v
        LEFT JOIN viw.renewal_plans o ON o.certificate_id = v.certificate_id AND o.version_id = ${rows[0].current}
        CROSS JOIN LATERAL (SELECT v.not_after - (v.not_after - v.not_before) / 20 AS latest) l
        CROSS JOIN LATERAL (SELECT l.latest, least(o.due_at, l.latest) AS due_at) w
        WHERE ${returnable(certificateId, versionId)}
        ON CONFLICT (certificate_id) DO UPDATE SET version_id = excluded.version_id, due_at = excluded.due_at,
          reason = excluded.reason, jitter = excluded.jitter, suggested_start = NULL, suggested_end = NULL,
          suggested_instant = NULL, suggestion_url = NULL, heard_at = NULL, ask_failures = 0,
          look_again_at = excluded.look_again_at, note = excluded.note, planned_at = now()
        RETURNING 1`.execute(trx);
      if (planned.rows.length === 0)
        throw new AppError('DEPLOY_REFUSED', 'the version may not be served any more', {
          meta: { retry: 'never' },
        });
      await sql`UPDATE viw.certificates SET current_version_id = ${versionId} WHERE id = ${certificateId}`.execute(
        trx,
      );
    });
  }
}

import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface RevocableVersion {
  id: string;
  serial: string;
  cert_pem: string;
}

/** What is done to versions whose key or use has come to an end. Every write holds the lease's fencing token. */
export class VersionRevocationRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * None of those made until then is deployed again, this one's successors are not touched. Repeatable.
   * @returns whether the current version is one of them
   * @throws AppError CONFLICT when the lease is lost
   */
  async quarantine(certificateId: string, fencing: number, until: string): Promise<boolean> {
    const { rows } = await sql<{ current: boolean }>`
      WITH held AS (SELECT id, current_version_id FROM viw.certificates WHERE id = ${certificateId} AND fencing = ${fencing}),
        done AS (UPDATE viw.certificate_versions v SET quarantined_at = coalesce(v.quarantined_at, now())
          FROM held WHERE v.certificate_id = held.id AND v.created_at <= ${until}::timestamptz RETURNING v.id)
      SELECT held.current_version_id IN (SELECT id FROM done) AS current FROM held`.execute(this.deps.db);
    if (!rows[0]) throw lost();
    return rows[0].current;
  }

  /** Made until then (without it: all that there are), not expired, not revoked; newest first. */
  async revocable(certificateId: string, until?: string): Promise<RevocableVersion[]> {
    const { rows } = await sql<RevocableVersion>`
      SELECT id, serial, cert_pem FROM viw.certificate_versions
      WHERE certificate_id = ${certificateId} AND created_at <= coalesce(${until ?? null}::timestamptz, 'infinity')
        AND revoked_at IS NULL
        AND not_after > now() ORDER BY id DESC`.execute(this.deps.db);
    return rows;
  }

  /** After the CA has revoked it. @throws AppError CONFLICT when the lease is lost */
  async recordRevoked(certificateId: string, fencing: number, versionId: string): Promise<void> {
    const { rows } = await sql`
      UPDATE viw.certificate_versions v SET revoked_at = coalesce(v.revoked_at, now()) FROM viw.certificates c
      WHERE c.id = ${certificateId} AND c.fencing = ${fencing} AND v.certificate_id = c.id AND v.id = ${versionId}
      RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) throw lost();
  }

  /** Nothing of it is in use any more: it is not renewed. @throws AppError CONFLICT when the lease is lost */
  async retire(certificateId: string, fencing: number): Promise<void> {
    const { rows } = await sql`UPDATE viw.certificates SET state = 'revoked'
      WHERE id = ${certificateId} AND fencing = ${fencing} RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) throw lost();
  }
}

const lost = (): AppError => new AppError('CONFLICT', 'The lease on the certificate is lost');

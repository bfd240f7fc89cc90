import { sql } from 'kysely';
import type { Db } from '../../connection';

/** How an operation ended badly, and what becomes of it. */
export interface OperationFailure {
  readonly code: string;
  /** In words, nothing secret. */
  readonly msg: string;
  /** Absent for work that nobody repeats by itself, such as a revocation. */
  readonly next?: NextAttempt;
}

export interface NextAttempt {
  /** ISO 8601; null: not before somebody asks for it. */
  readonly retry_at: string | null;
  /** Of RFC 8555 section 6.7, without its prefix. */
  readonly problem_type: string | null;
  readonly viw_does: string;
  /** Null: nothing, it passes or it is done by itself. */
  readonly you_can: string | null;
}

/** Work that the certificate's plan repeats; a version made since the request leaves only the deployment to be done. */
const repeated = sql`o.kind IN ('issue', 'renew', 'deploy', 'revoke')`;
const nextKind = sql`
  CASE WHEN o.kind = 'revoke' THEN 'revoke'
    WHEN o.kind = 'deploy' OR EXISTS (SELECT FROM viw.certificate_versions v
      WHERE v.certificate_id = o.certificate_id AND v.created_at > o.created_at) THEN 'deploy'
    WHEN c.current_version_id IS NOT NULL THEN 'renew' ELSE 'issue' END`;

/**
 * In the transaction that ends the operation. Of a revoked certificate nothing but its revocation is repeated, of a retired one nothing. A deployment that fails hides no renewal that fails, and nothing but another revocation hides one that fails.
 */
export async function recordFailure(
  db: Db,
  operationId: string,
  { code, msg, next }: OperationFailure,
): Promise<void> {
  if (!next) return;
  await sql`
    INSERT INTO viw.certificate_failures AS f (certificate_id, operation_id, next_kind, attempts, retry_at, code,
      problem_type, went_wrong, viw_does, you_can)
    SELECT o.certificate_id, o.id, ${nextKind}, 1, ${next.retry_at}::timestamptz, ${code}, ${next.problem_type}, ${msg},
      ${next.viw_does}, ${next.you_can}
    FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
    WHERE o.id = ${operationId} AND ${repeated} AND (c.in_service OR (o.kind = 'revoke' AND c.deleted_at IS NULL))
    ON CONFLICT (certificate_id) DO UPDATE SET operation_id = excluded.operation_id, next_kind = excluded.next_kind,
      attempts = f.attempts + 1, failed_at = now(), retry_at = excluded.retry_at, code = excluded.code,
      problem_type = excluded.problem_type, went_wrong = excluded.went_wrong, viw_does = excluded.viw_does,
      you_can = excluded.you_can
      WHERE f.next_kind = 'deploy' OR excluded.next_kind = 'revoke' OR (f.next_kind <> 'revoke'
        AND (SELECT kind FROM viw.certificate_operations WHERE id = excluded.operation_id) <> 'deploy')`.execute(
    db,
  );
}

/** In the transaction that ends the operation: it has come over what failed before. */
export async function forgetFailure(db: Db, operationId: string): Promise<void> {
  await sql`
    DELETE FROM viw.certificate_failures f USING viw.certificate_operations o
    WHERE o.id = ${operationId} AND f.certificate_id = o.certificate_id
      AND (o.kind = 'revoke' OR (o.kind = 'deploy' AND f.next_kind = 'deploy')
        OR (o.kind IN ('issue', 'renew') AND f.next_kind <> 'revoke'))`.execute(db);
}

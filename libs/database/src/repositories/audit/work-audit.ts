import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import type { AuditOutcome } from '../../schema/audit';
import type { Principal } from '../../schema/columns';

/** Who has asked for something that a worker does later. */
export interface Asker {
  readonly by: Principal;
  readonly correlation_id?: string | undefined;
}

/** For `INSERT INTO`, in this order: who, what, how it ended. No secrets, and no words of others: nobody can remove them again. */
export const auditLine = sql`viw.audit_log (actor_kind, actor_id, actor_name, correlation_id, action, object_kind,
  object_id, outcome, detail)`;

/** Of `certificate_operations o`, the first columns of such a line. */
export const operationAsker = sql`o.issued_by_kind, o.issued_by_id, o.issued_by_name, o.correlation_id`;

/** The same of a row that keeps its asker; what was asked for before askers were kept is the worker's own. */
export const workAsker = sql`coalesce(asked_by_kind, 'system'), coalesce(asked_by_id, 'cert-worker'),
  CASE WHEN asked_by_kind IS NULL THEN 'cert-worker' ELSE asked_by_name END, correlation_id`;

/** What the worker does without having been asked. */
export const workerItself: RawBuilder<unknown> = sql`'system', 'cert-worker', 'cert-worker', NULL::uuid`;

/** Begin or end of an operation on a certificate; in the transaction that begins or ends it. */
export async function auditOperation(
  trx: Db,
  operationId: string,
  phase: 'begun' | 'ended',
  outcome: AuditOutcome,
  errorCode?: string,
): Promise<void> {
  await sql`INSERT INTO ${auditLine}
    SELECT ${operationAsker}, 'certificate.' || o.kind || '.' || ${phase}::text, 'certificate', o.certificate_id::text,
      ${outcome}::text, jsonb_strip_nulls(jsonb_build_object('operation_id', o.id, 'attempts', o.attempts,
        'error_code', ${errorCode ?? null}::text))
    FROM viw.certificate_operations o WHERE o.id = ${operationId}`.execute(trx);
}

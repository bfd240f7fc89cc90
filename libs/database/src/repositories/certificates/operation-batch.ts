import type { OperationKind } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { auditOperation } from '../audit/work-audit';

/** Ended by its claim without having begun: another one of its batch has failed. */
export interface Halted {
  readonly outcome: 'halted';
  readonly certificate_id: string;
  readonly kind: OperationKind;
  readonly error: { readonly code: string; readonly msg: string };
}

interface Busy {
  readonly outcome: 'busy';
  readonly retry_after_ms: number;
}
type Held = Halted | Busy | { readonly outcome: 'finished' };

/** How soon an operation asks again whether the canary of its batch has succeeded, milliseconds. */
const CANARY_LOOK_MS = 1_000;
const busy: Busy = { outcome: 'busy', retry_after_ms: CANARY_LOOK_MS };

interface BatchState {
  readonly waits: boolean;
  readonly failed: string | null;
}

async function batchOf(db: Db, operationId: string): Promise<BatchState | undefined> {
  const { rows } = await sql<{ waits: boolean; failed: string | null }>`
    SELECT o.batch_position > 0 AND (SELECT c.status FROM viw.certificate_operations c
        WHERE c.batch_id = o.batch_id AND c.batch_position = 0) IS DISTINCT FROM 'succeeded' AS waits,
      (SELECT f.id FROM viw.certificate_operations f WHERE f.batch_id = o.batch_id AND f.status = 'failed'
        ORDER BY f.finished_at LIMIT 1) AS failed
    FROM viw.certificate_operations o WHERE o.id = ${operationId}`.execute(db);
  return rows[0];
}

/** Whether an operation that has not begun waits for the canary of its batch. Locks nothing. */
export async function waitsForCanary(db: Db, operationId: string): Promise<Busy | undefined> {
  const batch = await batchOf(db, operationId);
  return batch?.failed === null && batch.waits ? busy : undefined;
}

/**
 * Of an operation that has not begun: the canary of its batch comes first, and once one of them has failed no other
 * begins. In the transaction of a claim. @returns undefined: it may begin
 */
export async function heldByBatch(trx: Db, operationId: string): Promise<Held | undefined> {
  const batch = await batchOf(trx, operationId);
  if (!batch) return undefined;
  if (batch.failed !== null) return halt(trx, operationId, batch.failed);
  return batch.waits ? busy : undefined;
}

async function halt(trx: Db, operationId: string, failed: string): Promise<Held> {
  const error = {
    code: 'DEPLOY_REFUSED',
    msg: `not begun: operation ${failed} of the same batch failed. Repair its cause, then order the rest again.`,
  };
  const { rows } = await sql<{ certificate_id: string; kind: OperationKind }>`
    UPDATE viw.certificate_operations SET status = 'failed', finished_at = now(), error_code = ${error.code},
      error_msg = ${error.msg} WHERE id = ${operationId} AND status = 'accepted'
    RETURNING certificate_id, kind`.execute(trx);
  if (!rows[0]) return { outcome: 'finished' };
  await auditOperation(trx, operationId, 'ended', 'failure', error.code);
  return { outcome: 'halted', ...rows[0], error };
}

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

/** The canary of its batch has not succeeded yet: come back then. */
export interface Waits {
  readonly outcome: 'waits';
  readonly retry_after_ms: number;
}
type Held = Halted | Waits | { readonly outcome: 'finished' };

/**
 * How soon an operation asks again for its canary: a tenth of the time that it has waited, within these, milliseconds. A canary may wait
 * for a person, and thousands for it.
 */
const LOOK_MS = { least: 1_000, most: 60_000 } as const;

interface BatchState {
  readonly waits: boolean;
  readonly failed: string | null;
  /** Since it was ordered. */
  readonly waited_ms: number;
}

async function batchOf(db: Db, operationId: string): Promise<BatchState | undefined> {
  const { rows } = await sql<BatchState>`
    SELECT o.batch_position > 0 AND (SELECT c.status FROM viw.certificate_operations c
        WHERE c.batch_id = o.batch_id AND c.batch_position = 0) IS DISTINCT FROM 'succeeded' AS waits,
      (SELECT f.id FROM viw.certificate_operations f WHERE f.batch_id = o.batch_id AND f.status = 'failed'
        ORDER BY f.finished_at LIMIT 1) AS failed,
      extract(epoch FROM clock_timestamp() - o.created_at)::float8 * 1000 AS waited_ms
    FROM viw.certificate_operations o WHERE o.id = ${operationId}`.execute(db);
  return rows[0];
}

function waiting({ waits, waited_ms }: BatchState): Waits | undefined {
  if (!waits) return undefined;
  const wanted = Math.max(LOOK_MS.least, Math.round(waited_ms / 10));
  return { outcome: 'waits', retry_after_ms: Math.min(LOOK_MS.most, wanted) };
}

/** Whether an operation that has not begun waits for the canary of its batch. Locks nothing. */
export async function waitsForCanary(db: Db, operationId: string): Promise<Waits | undefined> {
  const batch = await batchOf(db, operationId);
  return batch?.failed === null ? waiting(batch) : undefined;
}

/**
 * Of an operation that has not begun: the canary of its batch comes first, and once one of them has failed no other
 * begins. In the transaction of a claim. @returns undefined: it may begin
 */
export async function heldByBatch(trx: Db, operationId: string): Promise<Held | undefined> {
  const batch = await batchOf(trx, operationId);
  if (!batch) return undefined;
  return batch.failed === null ? waiting(batch) : halt(trx, operationId, batch.failed);
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

import type { Certificate, KeyType, OperationKind, OperationStep, OrderState } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import { auditOperation } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';
import { lockCertificateOf, tryLockCertificateOf } from './certificate-lock';
import { heldByBatch, waitsForCanary, type Halted, type Waits } from './operation-batch';
import type { OperationFailure } from './failure-writes';
import { forgetFailure, recordFailure } from './failure-writes';

/** A claimed operation, with all there is to know of its certificate. */
export interface OperationWork {
  operation_id: string;
  certificate_id: string;
  kind: OperationKind;
  parameters: Record<string, unknown>;
  correlation_id: string | null;
  created_at: string;
  /** 1 for the first claim. */
  attempts: number;
  /** Of an attempt before: resume this order instead of making another. */
  order_url: string | null;
  /** To be given with every save; a later claim of the same certificate makes it worthless. */
  fencing: number;
  names: string[];
  issuer: string;
  challenge: string;
  /** For `dns-01`; null: by the names' zones. */
  dns_provider_id: string | null;
  /** For `http-01`. */
  http_via: Certificate['http_via'];
  key_type: KeyType;
  /** At the claim; as long as the lease is held nobody else changes it. */
  state: Certificate['state'];
  current_version_id: string | null;
  /** End of the current version. */
  not_after: string | null;
  /** In a row, of this certificate, before this operation. */
  failures: number;
  /** Problem type of the last of them. */
  failed_problem: string | null;
  /** The failed operation whose order this one goes on with; its key is kept until this one ends. */
  continues: string | null;
}

export type ClaimResult =
  | { outcome: 'claimed'; work: OperationWork }
  /** It has ended, or is not there: nothing to do. */
  | { outcome: 'finished' }
  | Halted
  | Waits
  /** Somebody holds this operation, or another one of the certificate: come back when that lease may have ended. */
  | { outcome: 'busy'; retry_after_ms: number };

export type NewStep = Omit<OperationStep, 'virtual_host_id' | 'detail' | 'duration_ms'> &
  Partial<Pick<OperationStep, 'virtual_host_id' | 'detail' | 'duration_ms'>>;

/** How soon a claim is tried again when the certificate is being claimed or changed at this moment, milliseconds. */
const LOCKED_LOOK_MS = 100;

/** Work on certificates, as a cert-worker does it: one worker per certificate, by lease and fencing token. */
export class OperationWorkRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Leases are by the database's clock. Who has to wait locks nothing: it may be asked for again and again. */
  async claim(operationId: string, owner: string, leaseSeconds: number): Promise<ClaimResult> {
    if (!isUuid(operationId)) return { outcome: 'finished' };
    const { db } = this.deps;
    const seen = await look(db, operationId);
    if (seen.outcome !== 'free') return seen;
    const waits = seen.in_batch ? await waitsForCanary(db, operationId) : undefined;
    if (waits) return waits;
    return inTransaction(db, async (trx) => {
      // Of claims of a certificate's operations one goes on, and none waits with a connection in its hands.
      if (!(await tryLockCertificateOf(trx, operationId)))
        return { outcome: 'busy', retry_after_ms: LOCKED_LOOK_MS };
      const state = await look(trx, operationId);
      if (state.outcome !== 'free') return state;
      const held = state.in_batch ? await heldByBatch(trx, operationId) : undefined;
      if (held) return held;
      const work = await take(trx, operationId, owner, leaseSeconds);
      // Once, however often it is taken up again: its end tells how often that was.
      if (work.attempts === 1) await auditOperation(trx, operationId, 'begun', 'success');
      return { outcome: 'claimed', work };
    });
  }

  /** False: the lease is lost, stop. */
  async renewLease(operationId: string, fencing: number, leaseSeconds: number): Promise<boolean> {
    const { rows } = await sql`
      UPDATE viw.certificate_operations o
      SET lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
      FROM viw.certificates c WHERE o.id = ${operationId} AND o.status = 'running' AND o.fencing = ${fencing}
        AND c.id = o.certificate_id AND c.fencing = ${fencing} RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** Gives the operation back without an end, for another attempt later. */
  async release(operationId: string, fencing: number): Promise<void> {
    await sql`UPDATE viw.certificate_operations SET lease_until = NULL, lease_owner = NULL
      WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing}`.execute(this.deps.db);
  }

  /** Before any challenge is touched. @throws AppError CONFLICT when the lease is lost */
  async setOrderUrl(operationId: string, fencing: number, orderUrl: string | null): Promise<void> {
    const { rows } =
      await sql`UPDATE viw.certificate_operations SET order_url = ${orderUrl}, order_state = 'ordered'
      WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing} RETURNING 1`.execute(
        this.deps.db,
      );
    if (rows.length === 0) throw lost();
  }

  /** Each before the step that it names is taken. @throws AppError CONFLICT when the lease is lost */
  async setOrderState(operationId: string, fencing: number, state: OrderState): Promise<void> {
    const { rows } = await sql`UPDATE viw.certificate_operations SET order_state = ${state}
      WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing} RETURNING 1`.execute(
      this.deps.db,
    );
    if (rows.length === 0) throw lost();
  }

  /** @throws AppError CONFLICT when the lease is lost */
  async recordStep(operationId: string, fencing: number, step: NewStep): Promise<void> {
    const { rows } = await sql`
      INSERT INTO viw.certificate_operation_steps (operation_id, step, status, virtual_host_id, detail, duration_ms, at)
      SELECT id, ${step.step}, ${step.status}, ${step.virtual_host_id ?? null}::uuid, ${step.detail ?? null},
        ${step.duration_ms ?? null}::float8, ${step.at}::timestamptz
      FROM viw.certificate_operations WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing}
      RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) throw lost();
  }

  /**
   * The end, once. A failed issue leaves the certificate `failed` unless it has a version already. A failure is kept with
   * its next attempt until an operation has come over it.
   * @throws AppError CONFLICT when the lease is lost
   */
  async finish(
    operationId: string,
    fencing: number,
    outcome: 'succeeded' | 'failed',
    error?: OperationFailure,
  ): Promise<void> {
    await inTransaction(this.deps.db, async (trx) => {
      await lockCertificateOf(trx, operationId);
      const { rows } = await sql<{ certificate_id: string; kind: OperationKind }>`
        UPDATE viw.certificate_operations SET status = ${outcome}, finished_at = now(), lease_until = NULL,
          error_code = ${error?.code ?? null}, error_msg = ${error?.msg ?? null}
        WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing}
        RETURNING certificate_id, kind`.execute(trx);
      if (!rows[0]) throw lost();
      await auditOperation(
        trx,
        operationId,
        'ended',
        outcome === 'failed' ? 'failure' : 'success',
        error?.code,
      );
      if (outcome === 'failed' && rows[0].kind === 'issue')
        await sql`UPDATE viw.certificates SET state = 'failed'
          WHERE id = ${rows[0].certificate_id} AND current_version_id IS NULL`.execute(trx);
      if (error) await recordFailure(trx, operationId, error);
      else if (outcome === 'succeeded') await forgetFailure(trx, operationId);
    });
  }
}

const lost = (): AppError => new AppError('CONFLICT', 'The lease on the operation is lost');

type Look = Extract<ClaimResult, { outcome: 'finished' | 'busy' }> | { outcome: 'free'; in_batch: boolean };

/** Whether the operation may be taken up, as far as leases say. */
async function look(db: Db, operationId: string): Promise<Look> {
  const { rows } = await sql<{ open: boolean; busy_ms: number | null; in_batch: boolean }>`
    SELECT o.status IN ('accepted', 'running') AS open, o.batch_id IS NOT NULL AND o.status = 'accepted' AS in_batch, (
      SELECT extract(epoch FROM max(p.lease_until) - clock_timestamp())::float8 * 1000
      FROM viw.certificate_operations p WHERE p.certificate_id = o.certificate_id AND p.status = 'running'
        AND p.lease_until > clock_timestamp()) AS busy_ms
    FROM viw.certificate_operations o WHERE o.id = ${operationId}`.execute(db);
  const [state] = rows;
  if (!state?.open) return { outcome: 'finished' };
  if (state.busy_ms !== null)
    return { outcome: 'busy', retry_after_ms: Math.ceil(Math.max(0, state.busy_ms)) };
  return { outcome: 'free', in_batch: state.in_batch };
}

async function take(
  db: Db,
  operationId: string,
  owner: string,
  leaseSeconds: number,
): Promise<OperationWork> {
  // The order of a failed attempt goes on, unless it has led to a version.
  const { rows } = await sql<OperationWork>`
    WITH c AS (
      UPDATE viw.certificates SET fencing = fencing + 1
      WHERE id = (SELECT certificate_id FROM viw.certificate_operations WHERE id = ${operationId}) RETURNING *
    ), failed AS (
      SELECT f.attempts, f.problem_type, e.id, e.order_url FROM c JOIN viw.certificate_failures f ON f.certificate_id = c.id
      LEFT JOIN viw.certificate_operations e ON e.id = f.operation_id AND f.next_kind <> 'deploy'
        AND e.order_url IS NOT NULL AND e.status = 'failed'
        AND NOT EXISTS (SELECT FROM viw.certificate_versions v WHERE v.operation_id = e.id)
    )
    UPDATE viw.certificate_operations o SET status = 'running', started_at = coalesce(o.started_at, now()),
      attempts = o.attempts + 1, lease_owner = ${owner}, fencing = c.fencing,
      lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}),
      order_url = CASE WHEN o.kind IN ('issue', 'renew') THEN coalesce(o.order_url, (SELECT order_url FROM failed))
        ELSE o.order_url END
    FROM c WHERE o.id = ${operationId}
    RETURNING o.id AS operation_id, o.certificate_id, o.kind, o.parameters, o.correlation_id, o.created_at, o.attempts, o.order_url,
      o.fencing, c.names, c.issuer, c.challenge, c.dns_provider_id, c.http_via, c.key_type, c.state, c.current_version_id,
      (SELECT v.not_after FROM viw.certificate_versions v WHERE v.id = c.current_version_id) AS not_after,
      coalesce((SELECT attempts FROM failed), 0) AS failures,
      (SELECT problem_type FROM failed) AS failed_problem,
      (SELECT id FROM failed WHERE failed.order_url = o.order_url) AS continues`.execute(db);
  const [work] = rows;
  if (!work) throw new AppError('INTERNAL_ERROR');
  return work;
}

import type { Operation, OperationKind } from '@viw/contracts';
import { certRequestsStream } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Principal } from '../../schema/columns';
import { isForeignKeyViolation } from '../../sql-state';
import type { OperationRow } from './operation-record';
import { operationColumns } from './operation-record';
import { OutboxRepository } from '../outbox/outbox-repository';
import type { RepositoryDeps } from '../repository';

export interface NewOperation {
  readonly certificate_id: string;
  readonly kind: OperationKind;
  readonly issued_by: Principal;
  readonly correlation_id?: string | undefined;
  /** What the kind needs beside the certificate, such as `{version_id}` to roll back to. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Ordered together with others; position 0 is the canary of all. */
  readonly batch?: { readonly id: string; readonly position: number } | undefined;
}

/** Work on certificates, as the backend accepts and shows it. */
export class OperationRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Row and outbox entry in one transaction; its id. @throws AppError NOT_FOUND without such a certificate */
  async create(input: NewOperation): Promise<string> {
    return inTransaction(this.deps.db, async (trx) => {
      const id = uuidv7();
      try {
        await trx
          .insertInto('certificate_operations')
          .values({
            id,
            certificate_id: input.certificate_id,
            kind: input.kind,
            issued_by_kind: input.issued_by.kind,
            issued_by_id: input.issued_by.id,
            issued_by_name: input.issued_by.name,
            correlation_id: input.correlation_id ?? null,
            parameters: JSON.stringify(input.parameters ?? {}),
            error_code: null,
            error_msg: null,
            lease_owner: null,
            order_url: null,
            order_state: null,
            batch_id: input.batch?.id ?? null,
            batch_position: input.batch?.position ?? null,
          })
          .execute();
      } catch (error) {
        if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such certificate');
        throw error;
      }
      await new OutboxRepository({ db: trx }).enqueue(
        certRequestsStream,
        { operation_id: id, certificate_id: input.certificate_id, kind: input.kind },
        input.correlation_id,
      );
      return id;
    });
  }

  /** Asks for it once more, at once. The claim makes a repeated request harmless. */
  async requeue({
    id,
    certificate_id,
    kind,
  }: Pick<Operation, 'id' | 'certificate_id' | 'kind'>): Promise<void> {
    const body = { operation_id: id, certificate_id, kind };
    await new OutboxRepository({ db: this.deps.db }).enqueue(certRequestsStream, body);
  }

  async get(id: string): Promise<Operation | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await sql<OperationRow>`
      SELECT ${operationColumns} FROM viw.certificate_operations o WHERE o.id = ${id}`.execute(this.deps.db);
    return rows[0];
  }

  /** Newest first. */
  async list(certificateId: string, options: ListOptions = {}): Promise<Page<Operation>> {
    const limit = limitOf(options);
    if (!isUuid(certificateId)) return { items: [], next_cursor: null };
    const before =
      options.cursor === undefined ? undefined : decodeCursor(options.cursor, [cursorShape.uuid])[0];
    const { rows } = await sql<OperationRow>`
      SELECT ${operationColumns} FROM viw.certificate_operations o
      WHERE o.certificate_id = ${certificateId} AND ${before === undefined ? sql`true` : sql`o.id < ${before}::uuid`}
      ORDER BY o.id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    return pageOf(
      rows,
      limit,
      (row) => [row.id],
      (row) => row,
    );
  }

  /**
   * Publishes again what nobody works on: accepted long ago and never started, or running with a lease that ended. Not what
   * waits for a person; what waits for the canary of its batch is waiting with a worker. The claim makes a repeated request
   * harmless. @returns operation ids
   */
  async requeueStale({
    afterSeconds,
    limit = 100,
  }: {
    afterSeconds: number;
    limit?: number;
  }): Promise<string[]> {
    return inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql<{
        id: string;
        certificate_id: string;
        kind: OperationKind;
        correlation_id: string | null;
      }>`
        UPDATE viw.certificate_operations o SET requeued_at = now()
        FROM (
          SELECT id FROM viw.certificate_operations stale_or_not
          WHERE (status = 'accepted' OR (status = 'running' AND (lease_until IS NULL OR lease_until < now())))
            AND coalesce(requeued_at, created_at) < now() - make_interval(secs => ${afterSeconds})
            AND NOT EXISTS (SELECT FROM viw.certificate_operations canary
              WHERE canary.batch_id = stale_or_not.batch_id AND canary.batch_position = 0
                AND stale_or_not.batch_position > 0 AND canary.status IN ('accepted', 'running'))
            AND NOT EXISTS (SELECT FROM viw.manual_records m WHERE m.operation_id = stale_or_not.id AND m.state = 'waiting'
              AND m.expires_at > now())
          ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED
        ) AS stale
        WHERE o.id = stale.id RETURNING o.id, o.certificate_id, o.kind, o.correlation_id`.execute(trx);
      const outbox = new OutboxRepository({ db: trx });
      const inOrder = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const { id, certificate_id, kind, correlation_id } of inOrder)
        await outbox.enqueue(certRequestsStream, { operation_id: id, certificate_id, kind }, correlation_id);
      return inOrder.map((row) => row.id);
    });
  }
}

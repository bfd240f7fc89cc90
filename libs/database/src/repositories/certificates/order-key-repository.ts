import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface OrderKey {
  order_url: string;
  private_key_sealed: SealedEnvelope;
}

/** The key that belongs to the ACME order of an operation under way. Only the cert-worker's role sees the table. */
export class OrderKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Before the order is finalized. Takes the place of the key of an earlier order.
   * @param fencing from the claim of the operation
   * @throws AppError CONFLICT when the lease is lost
   */
  async save(operationId: string, fencing: number, key: OrderKey): Promise<void> {
    const { rows } = await sql`
      INSERT INTO viw.certificate_order_keys (operation_id, order_url, private_key_sealed)
      SELECT id, ${key.order_url}, ${JSON.stringify(key.private_key_sealed)}::jsonb
      FROM viw.certificate_operations WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing} FOR SHARE
      ON CONFLICT (operation_id) DO UPDATE SET order_url = excluded.order_url,
        private_key_sealed = excluded.private_key_sealed, created_at = now()
      RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) throw new AppError('CONFLICT', 'The lease on the operation is lost');
  }

  async find(operationId: string): Promise<OrderKey | undefined> {
    return this.deps.db
      .selectFrom('certificate_order_keys')
      .select(['order_url', 'private_key_sealed'])
      .where('operation_id', '=', operationId)
      .executeTakeFirst();
  }

  /**
   * Keys of the certificate's ended operations go, but for the one that its next attempt goes on with.
   * @param operationId any operation of the certificate
   */
  async deleteSettled(operationId: string): Promise<void> {
    await sql`
      DELETE FROM viw.certificate_order_keys k USING viw.certificate_operations o
      WHERE o.id = k.operation_id AND o.status IN ('succeeded', 'failed')
        AND o.certificate_id = (SELECT certificate_id FROM viw.certificate_operations WHERE id = ${operationId})
        AND NOT EXISTS (SELECT FROM viw.certificate_failures f
          WHERE f.operation_id = k.operation_id AND f.next_kind <> 'deploy' AND f.retry_at IS NOT NULL)`.execute(
      this.deps.db,
    );
  }
}

import type { ManualRecord } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export type RecordToSet = Pick<ManualRecord, 'name' | 'record' | 'value'>;

/** TXT records that people set. Times by the database's clock. */
export class ManualRecordRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** As it stands; begins to wait when it is new. @param waitS until it expires */
  async ask(operationId: string, { name, record, value }: RecordToSet, waitS: number): Promise<ManualRecord> {
    await sql`INSERT INTO viw.manual_records (operation_id, name, record, value, expires_at)
      VALUES (${operationId}, ${name}, ${record}, ${value}, now() + make_interval(secs => ${waitS}))
      ON CONFLICT DO NOTHING`.execute(this.deps.db);
    const { rows } = await sql<ManualRecord>`SELECT name, record, value, expires_at,
        CASE WHEN state = 'waiting' AND expires_at <= now() THEN 'expired' ELSE state END AS state FROM viw.manual_records
      WHERE operation_id = ${operationId} AND record = ${record} AND value = ${value}`.execute(this.deps.db);
    return rows[0]!;
  }

  /** What operations wait for; looked at longest ago first. */
  async allWaiting(
    limit: number,
  ): Promise<(RecordToSet & { operation_id: string; certificate_id: string })[]> {
    const { rows } = await sql<RecordToSet & { operation_id: string; certificate_id: string }>`
      UPDATE viw.manual_records m SET looked_at = now()
      FROM (SELECT w.operation_id, w.record, w.value, o.certificate_id FROM viw.manual_records w
        JOIN viw.certificate_operations o ON o.id = w.operation_id
        WHERE w.state = 'waiting' AND w.expires_at > now() AND o.status IN ('accepted', 'running')
        ORDER BY w.looked_at LIMIT ${limit} FOR UPDATE OF w SKIP LOCKED) AS next
      WHERE (m.operation_id, m.record, m.value) = (next.operation_id, next.record, next.value)
      RETURNING m.operation_id, next.certificate_id, m.name, m.record, m.value`.execute(this.deps.db);
    return rows;
  }

  /** Every authoritative server has it. */
  async markShown(operationId: string, { record, value }: Omit<RecordToSet, 'name'>): Promise<void> {
    await sql`UPDATE viw.manual_records SET state = 'shown' WHERE operation_id = ${operationId}
      AND record = ${record} AND value = ${value} AND state IN ('waiting', 'done')`.execute(this.deps.db);
  }

  /** It was there, and is not shown any more. One that is waited for stays as it is. */
  async waitAgain(
    operationId: string,
    { record, value }: Omit<RecordToSet, 'name'>,
    waitS: number,
  ): Promise<void> {
    await sql`UPDATE viw.manual_records SET state = 'waiting', expires_at = now() + make_interval(secs => ${waitS})
      WHERE operation_id = ${operationId} AND record = ${record} AND value = ${value} AND state = 'done'`.execute(
      this.deps.db,
    );
  }

  /** It has served its purpose. One that is waited for stays. */
  async markDone(operationId: string, { record, value }: Omit<RecordToSet, 'name'>): Promise<void> {
    await sql`UPDATE viw.manual_records SET state = 'done' WHERE operation_id = ${operationId}
      AND record = ${record} AND value = ${value} AND state IN ('shown', 'confirmed')`.execute(this.deps.db);
  }

  /** Somebody says that all of them are set. @throws AppError CONFLICT when nothing is waited for */
  async confirm(operationId: string): Promise<number> {
    const { rows } = isUuid(operationId)
      ? await sql`UPDATE viw.manual_records m SET state = 'confirmed' FROM viw.certificate_operations o
          WHERE m.operation_id = ${operationId} AND o.id = m.operation_id AND o.status IN ('accepted', 'running')
            AND m.state = 'waiting' AND m.expires_at > now() RETURNING 1`.execute(this.deps.db)
      : { rows: [] };
    if (rows.length === 0) throw new AppError('CONFLICT', 'The operation waits for no record');
    return rows.length;
  }
}

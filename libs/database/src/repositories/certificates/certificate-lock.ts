import { sql } from 'kysely';
import type { Db } from '../../connection';

/**
 * Holds the certificate of an operation until the end of the transaction. The order of locks is certificate, operation, the rest,
 * as in the functions of migrations 0054 and 0060: whoever changes an operation and then touches its certificate, be it by
 * a foreign key, MUST begin with this.
 */
export async function lockCertificateOf(trx: Db, operationId: string): Promise<void> {
  await sql`SELECT 1 FROM viw.certificates WHERE id =
    (SELECT certificate_id FROM viw.certificate_operations WHERE id = ${operationId}) FOR UPDATE`.execute(
    trx,
  );
}

/** The same for whoever would rather come back than wait. False: somebody else holds the certificate, or the operation is gone. */
export async function tryLockCertificateOf(trx: Db, operationId: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM viw.certificates WHERE id =
    (SELECT certificate_id FROM viw.certificate_operations WHERE id = ${operationId})
    FOR NO KEY UPDATE SKIP LOCKED`.execute(trx);
  return rows.length > 0;
}

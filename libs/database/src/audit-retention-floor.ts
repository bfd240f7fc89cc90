import { sql } from 'kysely';
import type { Db } from './connection';

/**
 * Says how long every line of the audit log stays, whatever the account of a service asks for.
 * @param db of the owner of the schema; of nobody else
 * @param days 30 at least; 0: for good
 */
export async function setAuditRetentionFloor(db: Db, days: number): Promise<void> {
  await sql`INSERT INTO viw.audit_retention_floor (days) VALUES (${days})
    ON CONFLICT (one) DO UPDATE SET days = excluded.days`.execute(db);
}

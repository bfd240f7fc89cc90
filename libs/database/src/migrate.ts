import { createHash } from 'node:crypto';
import { advisoryLocks } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from './connection';
import { applyGrants } from './apply-grants';
import type { Migration } from './migrations';
import { migrations as all } from './migrations';

export interface MigrateResult {
  /** Names, in the order in which they were applied now. Empty: the schema was up to date. */
  readonly applied: string[];
  /** Group roles that neither exist nor may be created by this owner; their grants are made by a later run. */
  readonly missingRoles: string[];
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Brings schema `viw` up to date, as its owner. Concurrent callers wait for each other. Each migration is one
 * transaction. Afterwards the service roles get exactly the rights of `grants.ts`, so a second run changes nothing.
 * A database that is newer than this program is left as it is.
 *
 * @throws AppError CONFLICT when an applied migration's text has changed since, or one would have to be applied
 *   before one that already was. Nothing is changed then.
 */
export async function migrate(db: Db, migrations: readonly Migration[] = all): Promise<MigrateResult> {
  return db.connection().execute(async (connection) => {
    await sql`SET statement_timeout = 0`.execute(connection);
    await sql`SELECT pg_advisory_lock(${advisoryLocks.migrations})`.execute(connection);
    try {
      const done = await recorded(connection);
      const pending = plan(migrations, done);
      for (const migration of pending) await apply(connection, migration);
      const missingRoles = await applyGrants(connection);
      return { applied: pending.map((migration) => migration.name), missingRoles };
    } finally {
      await sql`SELECT pg_advisory_unlock(${advisoryLocks.migrations})`.execute(connection);
      await sql`RESET statement_timeout`.execute(connection);
    }
  });
}

async function recorded(db: Db): Promise<Map<string, string>> {
  await sql
    .raw(
      `CREATE SCHEMA IF NOT EXISTS viw;
       CREATE TABLE IF NOT EXISTS viw.schema_migrations (
         name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz(3) NOT NULL DEFAULT now())`,
    )
    .execute(db);
  const { rows } = await sql<{
    name: string;
    checksum: string;
  }>`SELECT name, checksum FROM viw.schema_migrations`.execute(db);
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

function plan(migrations: readonly Migration[], done: ReadonlyMap<string, string>): Migration[] {
  const ordered = [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1));
  const newest = [...done.keys()].sort().at(-1) ?? '';
  const pending: Migration[] = [];
  for (const migration of ordered) {
    const applied = done.get(migration.name);
    if (applied === undefined) {
      if (migration.name < newest)
        throw new AppError(
          'CONFLICT',
          `Migration ${migration.name} comes before ${newest}, which is applied`,
        );
      pending.push(migration);
    } else if (applied !== checksum(migration.sql)) {
      throw new AppError('CONFLICT', `Migration ${migration.name} was changed after it had been applied`);
    }
  }
  return pending;
}

async function apply(db: Db, migration: Migration): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql.raw(migration.sql).execute(trx);
    await sql`INSERT INTO viw.schema_migrations (name, checksum)
      VALUES (${migration.name}, ${checksum(migration.sql)})`.execute(trx);
  });
}

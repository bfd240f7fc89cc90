import { sql } from 'kysely';
import type { Db } from './connection';
import { furtherGrants, grants, serviceRoles, type ServiceRole } from './grants';

/**
 * Creates the group roles where this account may, and gives each exactly its rights, in one transaction. Idempotent.
 * @returns the roles that are missing because this account may not create roles
 */
export async function applyGrants(db: Db): Promise<ServiceRole[]> {
  const missing: ServiceRole[] = [];
  for (const role of serviceRoles) if (!(await ensureRole(db, role))) missing.push(role);
  const statements = serviceRoles.filter((role) => !missing.includes(role)).flatMap(statementsFor);
  if (statements.length > 0)
    await db.transaction().execute((trx) => sql.raw(statements.join(';\n')).execute(trx));
  return missing;
}

function statementsFor(role: ServiceRole): string[] {
  return [
    `GRANT USAGE ON SCHEMA viw TO ${role}`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA viw FROM ${role}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA viw FROM ${role}`,
    ...Object.entries(grants[role]).map(
      ([table, privileges]) => `GRANT ${privileges} ON viw.${table} TO ${role}`,
    ),
    ...furtherGrants[role].map((grant) => `GRANT ${grant} TO ${role}`),
  ];
}

/** Roles belong to the whole server: another database of it may be creating the same one at this moment. */
async function ensureRole(db: Db, role: ServiceRole): Promise<boolean> {
  const { rows } = await sql<{ exists: boolean; may: boolean }>`
    SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = ${role}) AS exists,
      (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may`.execute(db);
  if (rows[0]?.exists) return true;
  if (!rows[0]?.may) return false;
  await sql
    .raw(
      `DO $$ BEGIN CREATE ROLE ${role} NOLOGIN;
       EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    )
    .execute(db);
  return true;
}

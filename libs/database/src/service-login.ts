import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from './connection';
import type { ServiceRole } from './grants';

const ITERATIONS = 4_096;

/**
 * What Postgres itself would store for a password (RFC 5803 form, RFC 7677 keys). Made here so that the password
 * reaches neither the server's log nor `pg_stat_activity`. The password must be ASCII: SASLprep is not applied.
 */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}

/**
 * An account of its own for one service: exactly the rights of `role`. Called again, it sets the password.
 *
 * @param user lower-case letters, digits and underscore, at most 63
 * @param password printable ASCII, at least 16 characters
 * @throws AppError VALIDATION_FAILED
 */
export async function createServiceLogin(
  db: Db,
  role: ServiceRole,
  user: string,
  password: string,
): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(user))
    throw new AppError('VALIDATION_FAILED', 'Account names are lower-case letters, digits and underscores');
  if (!/^[\x21-\x7e]{16,256}$/.test(password))
    throw new AppError('VALIDATION_FAILED', 'Account passwords are 16 to 256 printable ASCII characters');
  const { rows } = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${user} AND rolsuper`.execute(db);
  if (rows.length > 0) throw new AppError('VALIDATION_FAILED', 'That account is a superuser');
  const name = `"${user}"`;
  await sql
    .raw(
      `DO $$ BEGIN CREATE ROLE ${name}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
       ALTER ROLE ${name} LOGIN NOCREATEDB NOCREATEROLE INHERIT PASSWORD '${scramVerifier(password)}';
       GRANT ${role} TO ${name}`,
    )
    .execute(db);
}

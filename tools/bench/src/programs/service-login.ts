import { randomBytes } from 'node:crypto';
import { type ServiceRole, createServiceLogin } from '@viw/database';
import type { World } from '../world';

/** The database URL of a service: the role that it has in production and nothing else. */
export async function serviceDatabaseUrl(role: ServiceRole, { databaseUrl, db }: World): Promise<string> {
  const login = new URL(databaseUrl);
  login.username = role.replace('viw_', 'bench_');
  login.password = randomBytes(18).toString('hex');
  await createServiceLogin(db, role, login.username, login.password);
  return login.toString();
}

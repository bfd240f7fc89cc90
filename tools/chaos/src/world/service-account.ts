import { randomBytes } from 'node:crypto';
import { type Db, createServiceLogin } from '@viw/database';

type ServiceRole = Parameters<typeof createServiceLogin>[1];

/** The account a service has in production: its own role and nothing else. @returns the URL with it */
export async function serviceAccount(db: Db, role: ServiceRole, url: string): Promise<string> {
  const login = new URL(url);
  login.username = role.replace('viw_', 'chaos_');
  login.password = randomBytes(18).toString('hex');
  await createServiceLogin(db, role, login.username, login.password);
  return login.toString();
}

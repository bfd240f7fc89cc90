import { randomBytes } from 'node:crypto';
import { type Db, type ServiceRole, createServiceLogin } from '@viw/database';

/** The login that a service has in production: its own role and nothing else. @returns the URL with it */
export async function serviceAccount(db: Db, role: ServiceRole, url: string): Promise<string> {
  const login = new URL(url);
  login.username = role.replace('viw_', 'login_');
  login.password = randomBytes(18).toString('hex');
  await createServiceLogin(db, role, login.username, login.password);
  return login.toString();
}

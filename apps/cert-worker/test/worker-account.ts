import { randomBytes } from 'node:crypto';
import { createServiceLogin } from '@viw/database';
import type { Db } from '@viw/database';

/** The worker signs in with exactly the rights that it has in production. */
export async function workerAccount(db: Db, url: string): Promise<string> {
  const account = new URL(url);
  account.username = `t_${randomBytes(6).toString('hex')}`;
  account.password = randomBytes(16).toString('hex');
  await createServiceLogin(db, 'viw_cert_worker', account.username, account.password);
  return account.href;
}

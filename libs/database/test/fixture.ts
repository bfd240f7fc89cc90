import { randomBytes } from 'node:crypto';
import { uniqueDatabase } from '@viw/testing';
import type { Db, ServiceRole } from '../src/index';
import { createDatabase, createServiceLogin, migrate } from '../src/index';

export interface Fixture {
  readonly db: Db;
  readonly url: string;
  /** Another pool on the same database. */
  open(url?: string): Db;
  /** A pool that signs in with an account of this role. */
  as(role: ServiceRole): Promise<Db>;
  close(): Promise<void>;
}

/** A database of its own for one spec file, migrated unless told otherwise. */
export async function fixture({ migrated = true } = {}): Promise<Fixture> {
  const { url } = await uniqueDatabase();
  const pools: Db[] = [];
  const open = (at = url): Db => {
    // A machine that stands still for seconds is none of a test's business.
    const patience = { connectTimeoutMs: 60_000, idleInTransactionMs: 60_000, statementTimeoutMs: 60_000 };
    const db = createDatabase({ url: at, applicationName: 'test', max: 4, ...patience });
    pools.push(db);
    return db;
  };
  const db = open();
  if (migrated) await migrate(db);
  return {
    db,
    url,
    open,
    as: async (role) => {
      const user = `t_${randomBytes(6).toString('hex')}`;
      const password = randomBytes(16).toString('hex');
      await createServiceLogin(db, role, user, password);
      const account = new URL(url);
      account.username = user;
      account.password = password;
      return open(account.href);
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

let agents = 0;
export const newAgent = (): string => `gw-${++agents}-${randomBytes(3).toString('hex')}`;

/** ISO 8601, so many seconds from now. */
export const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

import { type Db, createDatabase, migrate } from '@viw/database';
import { type Redis as RedisClient, closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { type Postgres, type PostgresOptions, startPostgres } from '@viw/testing';
import { type RedisWithAccounts, startRedisWithAccounts } from './redis-with-accounts';
import { type Undo, started } from './undo';

/** Real servers with the accounts of production, the schema in place, and what looks on past all proxies. */
export interface Servers {
  readonly redis: RedisWithAccounts;
  readonly postgres: Postgres;
  /** Of the database, as its owner. */
  readonly ownerUrl: string;
  /** Straight to Postgres, as the owner. */
  readonly db: Db;
  /** Straight to Redis, as one who may do everything. */
  readonly auditor: RedisClient;
}

export interface ServersOptions {
  readonly redis?: { readonly logFile?: string };
  readonly postgres: PostgresOptions;
}

export async function startServers(options: ServersOptions, undo: Undo): Promise<Servers> {
  const [redis, postgres] = await Promise.all([
    started(startRedisWithAccounts(options.redis), undo),
    started(startPostgres(options.postgres), undo),
  ]);
  const ownerUrl = await postgres.createDatabase('viw');
  const db = createDatabase({ url: ownerUrl, applicationName: 'chaos', max: 3 });
  undo.push(() => db.destroy());
  await migrate(db);
  const auditor = createRedis(redis.url, { role: 'command', name: 'chaos-auditor' });
  undo.push(() => closeRedis(auditor));
  await waitUntilReady(auditor);
  return { redis, postgres, ownerUrl, db, auditor };
}

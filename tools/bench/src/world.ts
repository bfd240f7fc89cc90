import { type Db, createDatabase, migrate } from '@viw/database';
import { type Postgres, type Redis as RedisServer, startPostgres, startRedis } from '@viw/testing';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

/** Real servers that lose nothing they have confirmed, on loopback. */
export interface World {
  readonly redisServer: RedisServer;
  readonly redis: Redis;
  readonly databaseUrl: string;
  /** As the owner. */
  readonly db: Db;
  readonly pool: Pool;
  /** Ended before the servers, last one first. */
  readonly undo: (() => Promise<unknown>)[];
  stop(): Promise<void>;
}

/** When a part fails, what runs already is ended. */
export async function createWorld(): Promise<World> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const redisServer = await startRedis();
    undo.push(() => redisServer.stop());
    const postgres: Postgres = await startPostgres({ durable: true });
    undo.push(() => postgres.stop());
    const redis = new Redis(redisServer.url, { enableAutoPipelining: true });
    undo.push(async () => redis.disconnect());
    const databaseUrl = await postgres.createDatabase('viw');
    const db = createDatabase({ url: databaseUrl, applicationName: 'bench', max: 2 });
    undo.push(() => db.destroy());
    await migrate(db);
    const pool = new Pool({ connectionString: databaseUrl, max: 2 });
    // An idle connection that breaks is replaced; what needs it fails by itself.
    pool.on('error', () => undefined);
    undo.push(() => pool.end());
    return { redisServer, redis, databaseUrl, db, pool, undo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the servers say of themselves. */
export async function versions({ redis, pool }: World): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  return {
    node: process.versions.node,
    redis: /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '?',
    postgres: rows[0]?.server_version.split(' ')[0] ?? '?',
  };
}

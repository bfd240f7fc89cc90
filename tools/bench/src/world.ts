import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, createDatabase, migrate } from '@viw/database';
import { type Postgres, type Redis as RedisServer, startPostgres, startRedis } from '@viw/testing';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

/** A real Redis that loses nothing it has confirmed, on loopback, and a folder for logs. */
export interface RedisWorld {
  readonly redisServer: RedisServer;
  readonly redis: Redis;
  readonly dir: string;
  /** Ended before the servers, last one first. */
  readonly undo: (() => Promise<unknown>)[];
  stop(): Promise<void>;
}

/** The same with a Postgres that loses nothing either. */
export interface World extends RedisWorld {
  readonly databaseUrl: string;
  /** As the owner. */
  readonly db: Db;
  readonly pool: Pool;
}

/** When a part fails, what runs already is ended. */
export async function createRedisWorld(): Promise<RedisWorld> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const dir = await mkdtemp(join(tmpdir(), 'viw-bench-'));
    undo.push(() => rm(dir, { recursive: true, force: true }));
    const redisServer = await startRedis();
    undo.push(() => redisServer.stop());
    const redis = new Redis(redisServer.url, { enableAutoPipelining: true });
    undo.push(async () => redis.disconnect());
    return { redisServer, redis, dir, undo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** When a part fails, what runs already is ended. */
export async function createWorld(): Promise<World> {
  const world = await createRedisWorld();
  const { undo } = world;
  try {
    const postgres: Postgres = await startPostgres({ durable: true });
    undo.push(() => postgres.stop());
    const databaseUrl = await postgres.createDatabase('viw');
    const db = createDatabase({ url: databaseUrl, applicationName: 'bench', max: 2 });
    undo.push(() => db.destroy());
    await migrate(db);
    const pool = new Pool({ connectionString: databaseUrl, max: 2 });
    // An idle connection that breaks is replaced; what needs it fails by itself.
    pool.on('error', () => undefined);
    undo.push(() => pool.end());
    return { ...world, databaseUrl, db, pool };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** What the servers say of themselves. */
export async function versions(world: RedisWorld | World): Promise<Record<string, string>> {
  const redis = /redis_version:(\S+)/.exec(await world.redis.info('server'))?.[1] ?? '?';
  const known = { node: process.versions.node, redis };
  if (!('pool' in world)) return known;
  const { rows } = await world.pool.query<{ server_version: string }>('SHOW server_version');
  return { ...known, postgres: rows[0]?.server_version.split(' ')[0] ?? '?' };
}

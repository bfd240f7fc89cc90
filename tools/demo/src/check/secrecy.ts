import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Redis from 'ioredis';
import { Client as Postgres } from 'pg';
import type { DemoManifest } from '../manifest';

/** Looks through everything that the product has written. @throws Error naming every place that holds the secret. */
export async function passwordIsNowhere(manifest: DemoManifest, root: string, secret: string): Promise<void> {
  const places = [
    ...(await filesThatHold(root, Buffer.from(secret))),
    ...(await tablesThatHold(manifest.database_url, secret)),
    ...(await redisKeysThatHold(manifest.redis_url, secret)),
  ];
  if (places.length > 0) throw new Error(`the password is in clear in: ${places.join(', ')}`);
}

/** Every file below the folder: logs, journals, the append-only file of Redis, the pages and the log of Postgres. */
async function filesThatHold(root: string, needle: Buffer): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (await fileHolds(path, needle)) found.push(path);
  }
  return found;
}

async function fileHolds(path: string, needle: Buffer): Promise<boolean> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    // Postgres deletes files while we look.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return false;
  try {
    let tail = Buffer.alloc(0);
    for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      const window = Buffer.concat([tail, chunk as Buffer]);
      if (window.includes(needle)) return true;
      tail = window.subarray(-(needle.length - 1));
    }
    return false;
  } finally {
    await handle.close();
  }
}

async function tablesThatHold(databaseUrl: string, secret: string): Promise<string[]> {
  const postgres = new Postgres({ connectionString: databaseUrl });
  await postgres.connect();
  try {
    const { rows: tables } = await postgres.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'viw'`,
    );
    if (tables.length === 0) throw new Error('the schema viw has no table: the search proves nothing');
    const found: string[] = [];
    for (const { name } of tables) {
      const { rowCount } = await postgres.query(
        `select 1 from ${name} as t where position($1 in t::text) > 0 limit 1`,
        [secret],
      );
      if (rowCount) found.push(`table ${name}`);
    }
    return found;
  } finally {
    await postgres.end();
  }
}

async function redisKeysThatHold(redisUrl: string, secret: string): Promise<string[]> {
  const redis = new Redis(redisUrl);
  const needle = Buffer.from(secret);
  const found: string[] = [];
  try {
    let streams = 0;
    for await (const keys of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        const isStream = (await redis.type(key)) === 'stream';
        if (isStream) streams += 1;
        const content = isStream
          ? Buffer.from(JSON.stringify(await redis.xrange(key, '-', '+')))
          : await redis.dumpBuffer(key);
        if (content?.includes(needle)) found.push(`Redis key ${key}`);
      }
    }
    if (streams === 0) throw new Error('Redis has no stream: the search proves nothing');
    return found;
  } finally {
    redis.disconnect();
  }
}

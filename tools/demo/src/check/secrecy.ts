import { open, readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import Redis from 'ioredis';
import { Client as Postgres } from 'pg';
import type { DemoManifest } from '../manifest';
import { spellings } from './spellings';

/** A secret whose every way through the product must be one in which nobody can read it. */
export interface Planted {
  /** For people: `the password`. */
  readonly name: string;
  readonly value: string;
  /** Where it has to stand, as a path below the demo's folder. Default: nowhere. */
  readonly belongsIn?: (path: string) => boolean;
}

interface Needle {
  readonly secret: Planted;
  readonly texts: readonly Buffer[];
}

/**
 * Looks through everything that the product has written, and through the command lines of its processes, for each secret as
 * it is and in base64. @throws Error naming every place that holds one
 */
export async function secretsAreNowhere(
  manifest: DemoManifest,
  root: string,
  planted: readonly Planted[],
): Promise<void> {
  const needles = planted.map((secret) => ({
    secret,
    texts: spellings(secret.value).map((text) => Buffer.from(text)),
  }));
  const places = [
    ...(await filesThatHold(root, needles)),
    ...(await tablesThatHold(manifest.database_url, needles)),
    ...(await redisKeysThatHold(manifest.redis_url, needles)),
    ...(await commandLinesThatHold(manifest, needles)),
  ];
  if (places.length > 0) throw new Error(`in clear: ${places.join(', ')}`);
}

const heldBy = (content: Buffer, needles: readonly Needle[]): Planted[] =>
  needles.filter(({ texts }) => texts.some((text) => content.includes(text))).map(({ secret }) => secret);

const said = (secrets: readonly Planted[], where: string): string[] =>
  secrets.map(({ name }) => `${name} in ${where}`);

/** Every file below the folder: logs, journals, the append-only file of Redis, the pages and the log of Postgres. */
async function filesThatHold(root: string, needles: readonly Needle[]): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const inFolder = relative(root, path);
    const foreign = needles.filter(({ secret }) => secret.belongsIn?.(inFolder) !== true);
    found.push(...said(await heldByFile(path, foreign), path));
  }
  return found;
}

async function heldByFile(path: string, needles: readonly Needle[]): Promise<Planted[]> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    // Postgres deletes files while we look.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return [];
  const overlap = Math.max(0, ...needles.flatMap(({ texts }) => texts.map((text) => text.length - 1)));
  const found = new Set<Planted>();
  try {
    let tail = Buffer.alloc(0);
    for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      const window = Buffer.concat([tail, chunk as Buffer]);
      for (const secret of heldBy(window, needles)) found.add(secret);
      tail = window.subarray(-overlap);
    }
    return [...found];
  } finally {
    await handle.close();
  }
}

async function tablesThatHold(databaseUrl: string, needles: readonly Needle[]): Promise<string[]> {
  const postgres = new Postgres({ connectionString: databaseUrl });
  await postgres.connect();
  try {
    const { rows: tables } = await postgres.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'viw'`,
    );
    if (tables.length === 0) throw new Error('the schema viw has no table: the search proves nothing');
    const found: string[] = [];
    for (const { name } of tables)
      for (const { secret, texts } of needles) {
        const { rowCount } = await postgres.query(
          `select 1 from ${name} as t where exists (select from unnest($1::text[]) n where position(n in t::text) > 0)
           limit 1`,
          [texts.map(String)],
        );
        if (rowCount) found.push(...said([secret], `table ${name}`));
      }
    return found;
  } finally {
    await postgres.end();
  }
}

async function redisKeysThatHold(redisUrl: string, needles: readonly Needle[]): Promise<string[]> {
  const redis = new Redis(redisUrl);
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
        if (content) found.push(...said(heldBy(content, needles), `Redis key ${key}`));
      }
    }
    if (streams === 0) throw new Error('Redis has no stream: the search proves nothing');
    return found;
  } finally {
    redis.disconnect();
  }
}

/**
 * Of the product's own processes, which live on. The host's scripts take secrets by their arguments and are gone by now: see
 * docs/guides/host-scripts.md.
 */
async function commandLinesThatHold(
  { processes }: DemoManifest,
  needles: readonly Needle[],
): Promise<string[]> {
  const found: string[] = [];
  let read = 0;
  for (const { name, pid } of processes) {
    const line = await readFile(`/proc/${pid}/cmdline`).catch(() => undefined);
    if (line === undefined) continue;
    read += 1;
    found.push(...said(heldBy(line, needles), `the command line of ${name}`));
  }
  if (read === 0) throw new Error('no command line could be read: the search proves nothing');
  return found;
}

import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres, uniqueDatabase } from '../src/index';
import { descendants, isAlive } from '../src/process-table';
import { runsAsRoot } from '../src/unprivileged-user';

// Several clusters are made and crashed here; each takes seconds on a busy machine.
jest.setTimeout(90_000);

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('two at once; databases; stop leaves neither processes nor folder', async () => {
  const [one, two] = await Promise.all([startPostgres(), startPostgres()]);
  const url = await one.createDatabase('first');
  await ask(url, 'CREATE TABLE t (n int)');
  await expect(ask(two.url.replace(/postgres$/, 'first'), 'SELECT 1')).rejects.toThrow();
  const [row] = await ask(one.url, "SELECT setting AS dir FROM pg_settings WHERE name = 'data_directory'");
  const all = [one.pid, two.pid, ...descendants(one.pid), ...descendants(two.pid)];
  expect(all.length).toBeGreaterThan(4);
  await Promise.all([one.stop(), two.stop()]);
  expect(all.filter(isAlive)).toEqual([]);
  expect(existsSync(String(row?.['dir']))).toBe(false);
});

test('durable: committed rows survive SIGKILL, and a folder can be used again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  const postgres = await startPostgres({ dir, durable: true });
  const url = await postgres.createDatabase('kept');
  await ask(url, 'CREATE TABLE t AS SELECT 7 AS n');
  const open = new Client({ connectionString: url });
  open.on('error', () => undefined);
  await open.connect();
  await postgres.kill();
  await postgres.restart();
  expect(await ask(url, 'SELECT n FROM t')).toEqual([{ n: 7 }]);
  await postgres.stop();
  const again = await startPostgres({ dir, port: postgres.port, durable: true });
  expect(await ask(url, 'SELECT n FROM t')).toEqual([{ n: 7 }]);
  await again.stop();
  await rm(dir, { recursive: true });
});

test('the npm package serves when the system has no Postgres', async () => {
  const postgres = await startPostgres({ source: 'embedded' });
  const [row] = await ask(postgres.url, 'SHOW server_version');
  expect(String(row?.['server_version'])).toMatch(/^\d+/);
  await postgres.stop();
});

if (runsAsRoot())
  test('an untraversable folder is named', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'viw-test-'));
    await chmod(closed, 0o700);
    await expect(startPostgres({ dir: join(closed, 'data') })).rejects.toMatchObject({
      code: 'unreachable-folder',
      message: expect.stringContaining(closed) as string,
    });
    await rm(closed, { recursive: true });
  });

test('every uniqueDatabase is its own', async () => {
  const [one, two] = await Promise.all([uniqueDatabase(), uniqueDatabase()]);
  await ask(one.url, 'CREATE TABLE only_here (n int)');
  expect(await ask(two.url, "SELECT to_regclass('only_here') AS found")).toEqual([{ found: null }]);
});

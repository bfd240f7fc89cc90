import { sql } from 'kysely';
import type { Migration } from '../src/index';
import { createDatabase, isRetryableDatabaseError, migrate, migrations, pingDatabase } from '../src/index';
import type { Fixture } from './fixture';
import { fixture } from './fixture';

let f: Fixture;
beforeEach(async () => {
  f = await fixture({ migrated: false });
});
afterEach(() => f.close());

test('twice is once, also from several processes at the same time', async () => {
  const results = await Promise.all([migrate(f.db), migrate(f.open()), migrate(f.open())]);
  expect(results.flatMap((result) => result.applied)).toEqual(migrations.map((migration) => migration.name));
  expect(await migrate(f.db)).toEqual({ applied: [], missingRoles: [] });
});

test('a changed text and a late number are refused and change nothing', async () => {
  const one: Migration = { name: '0001_one', sql: 'CREATE TABLE viw.one (n int)' };
  const three: Migration = { name: '0003_three', sql: 'CREATE TABLE viw.three (n int)' };
  await migrate(f.db, migrations);
  const changed = migrations.map((m, i) => (i === 2 ? { ...m, sql: `${m.sql} ` } : m));
  await expect(migrate(f.db, [...changed, { ...three, name: '9003_three' }])).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(migrations[2]?.name ?? '?') as string,
  });
  await expect(migrate(f.db, [...migrations, { ...one, name: '0001_zero' }])).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  const { rows } = await sql`SELECT to_regclass('viw.one') AS one, to_regclass('viw.three') AS three`.execute(
    f.db,
  );
  expect(rows).toEqual([{ one: null, three: null }]);
});

test('a failing migration leaves nothing of itself; the ones before stay', async () => {
  await migrate(f.db);
  const bad: Migration = { name: '9001_bad', sql: 'CREATE TABLE viw.bad (n int); SELECT 1 / 0' };
  await expect(migrate(f.db, [...migrations, bad])).rejects.toThrow(/division by zero/);
  const { rows } = await sql`SELECT to_regclass('viw.bad') AS bad`.execute(f.db);
  expect(rows).toEqual([{ bad: null }]);
  expect((await migrate(f.db)).applied).toEqual([]);
});

test('values out: safe numbers, ISO text, parsed JSON; an unsafe bigint is an error', async () => {
  const { rows } =
    await sql`SELECT 9007199254740991::bigint AS n, '2026-11-21T08:00:00.5+01'::timestamptz AS t,
    '2026-11-21'::date AS d, '{"a":[1]}'::jsonb AS j`.execute(f.db);
  expect(rows).toEqual([
    { n: 9007199254740991, t: '2026-11-21T07:00:00.500Z', d: '2026-11-21', j: { a: [1] } },
  ]);
  await expect(sql`SELECT 9007199254740993::bigint AS n`.execute(f.db)).rejects.toThrow(RangeError);
});

test('a connection that is killed while in use fails its statement only, retryably', async () => {
  const victim = f.open();
  const held = victim.transaction().execute(async (trx) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
    await sql`SELECT pg_terminate_backend(${rows[0]?.pid})`.execute(f.db);
    await sql`SELECT 1`.execute(trx);
  });
  const error: unknown = await held.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isRetryableDatabaseError(error)).toBe(true);
  await pingDatabase(victim);
});

test('nobody there, and a statement over its time, are retryable; a wrong statement is not', async () => {
  const nobody = createDatabase({ url: 'postgresql://a:b@127.0.0.1:1/x', applicationName: 'test' });
  const slow = createDatabase({ url: f.url, applicationName: 'test', statementTimeoutMs: 50 });
  const errors = await Promise.all(
    [pingDatabase(nobody), sql`SELECT pg_sleep(5)`.execute(slow), sql`SELECT nothing`.execute(f.db)].map(
      (attempt) =>
        (attempt as Promise<unknown>).then(
          () => undefined,
          (reason: unknown) => reason,
        ),
    ),
  );
  expect(errors.map(isRetryableDatabaseError)).toEqual([true, true, false]);
  await Promise.all([nobody.destroy(), slow.destroy()]);
});

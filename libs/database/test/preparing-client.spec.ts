import { sql } from 'kysely';
import { createDatabase } from '../src/index';
import type { Db } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
let db: Db;
beforeAll(async () => {
  f = await fixture();
  db = createDatabase({ url: f.url, applicationName: 'prepared', max: 1 });
});
afterAll(async () => {
  await db.destroy();
  await f.close();
});

const prepared = async (): Promise<string[]> => {
  const { rows } = await sql<{ statement: string }>`SELECT statement FROM pg_prepared_statements`.execute(db);
  return rows.map(({ statement }) => statement);
};

test('a statement with parameters is prepared once per connection, one without is not', async () => {
  for (let n = 0; n < 5; n++) {
    const { rows } = await sql<{ n: number }>`SELECT ${n}::int + 1 AS n`.execute(db);
    expect(rows).toEqual([{ n: n + 1 }]);
  }
  await sql`SELECT 1`.execute(db);
  expect(await prepared()).toEqual(['SELECT $1::int + 1 AS n']);
});

test('more different statements than are kept do no harm', async () => {
  for (let n = 0; n < 300; n++) {
    const { rows } = await sql<{ n: number }>`SELECT ${n}::int AS n ${sql.raw(`/* ${n} */`)}`.execute(db);
    expect(rows).toEqual([{ n }]);
  }
  expect((await prepared()).length).toBe(256);
});

test('a table that has changed since is planned anew', async () => {
  await sql`CREATE TABLE public.changing (a int)`.execute(f.db);
  const read = () => sql`SELECT count(*)::int AS n FROM public.changing WHERE a = ${1}`.execute(db);
  await read();
  await sql`ALTER TABLE public.changing ADD COLUMN b int`.execute(f.db);
  await sql`INSERT INTO public.changing VALUES (1, 2)`.execute(f.db);
  expect((await read()).rows).toEqual([{ n: 1 }]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptEntries, streams } from '@viw/contracts';
import { sql } from 'kysely';
import { fixture, type Fixture } from './fixture';

let f: Fixture;
beforeAll(async () => (f = await fixture()));
afterAll(() => f.close());

const document = readFileSync(join(__dirname, '../../../docs/reference/data-retention.md'), 'utf8');
/** Name, how long, and what about people. */
const rows = [...document.matchAll(/^\| `([\w.]+)` *\| ([^|]*\S) *\| ([^|]*\S) *\|$/gm)].map(
  ([, name = '', kept = '']) => ({ name, kept }),
);
const named = (isStream: boolean) =>
  rows.map(({ name }) => name).filter((name) => name.startsWith('viw.') === isStream);

test('every table of the schema stands in the document once, and no other', async () => {
  // Partitions are as their parent.
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'viw' AND c.relkind IN ('r', 'p') AND NOT c.relispartition`.execute(f.db);
  expect(named(false).toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
});

test('every stream stands there once, with the bound that holds', () => {
  expect(named(true).toSorted()).toEqual(Object.values(streams).toSorted());
  for (const [stream, bound] of Object.entries(keptEntries))
    expect(rows.find(({ name }) => name === stream)?.kept).toBe(
      `about ${bound.toLocaleString('en-US')} entries`,
    );
});

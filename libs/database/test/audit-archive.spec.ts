import { sql } from 'kysely';
import type { ArchiveRow, Db } from '../src/index';
import { AuditArchiveRepository, serviceRoles, setAuditRetentionFloor } from '../src/index';
import type { Fixture } from './fixture';
import { fixture } from './fixture';

let f: Fixture;
let backend: Db;
beforeAll(async () => {
  f = await fixture();
  backend = await f.as('viw_backend');
});
afterAll(() => f.close());

const DAY_MS = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
const hashAt = (seq: number): string => (seq === 0 ? '0' : String(seq % 10)).repeat(64);
const counts = async (): Promise<number[]> => {
  const { rows } = await sql<{ log: number; chain: number; points: number; archive: number }>`
    SELECT (SELECT count(*) FROM viw.audit_log) AS log, (SELECT count(*) FROM viw.audit_chain) AS chain,
      (SELECT count(*) FROM viw.audit_checkpoints) AS points, (SELECT count(*) FROM viw.audit_archive) AS archive`.execute(
    f.db,
  );
  return rows.flatMap(({ log, chain, points, archive }) => [log, chain, points, archive]);
};

const floor = (days: number) => sql`UPDATE viw.audit_retention_floor SET days = ${days}`.execute(f.db);

/** Nine lines: 1 to 6 are 40 days old, the others ten; a checkpoint at every third. */
beforeEach(async () => {
  for (const table of ['audit_archive', 'audit_checkpoints', 'audit_chain', 'audit_unsealed', 'audit_log'])
    await sql`DELETE FROM ${sql.table(`viw.${table}`)}`.execute(f.db);
  for (let seq = 1; seq <= 9; seq++)
    await sql`WITH line AS (INSERT INTO viw.audit_log (at, actor_kind, actor_id, action, outcome)
        VALUES (${ago(seq <= 6 ? 40 : 10)}, 'a', 'b', 'c', 'success') RETURNING id)
      INSERT INTO viw.audit_chain SELECT ${seq}, id, ${hashAt(seq - 1)}, ${hashAt(seq)} FROM line`.execute(
      f.db,
    );
  await sql`INSERT INTO viw.audit_checkpoints SELECT seq, hash, now(), 'k', 's' FROM viw.audit_chain
    WHERE seq % 3 = 0`.execute(f.db);
  await sql`DELETE FROM viw.audit_unsealed`.execute(f.db);
  await floor(30);
});

const row = (change: Partial<ArchiveRow> = {}): ArchiveRow => {
  const { seq = 4, after_seq = 0 } = change;
  return {
    ...{ seq, hash: hashAt(seq), after_seq, after_hash: hashAt(after_seq), entries: seq - after_seq },
    ...{ cut_off: ago(35), at: ago(0), kid: 'k', signature: 's', ...change },
  };
};
const cut = (change?: Partial<ArchiveRow>, db = backend) =>
  new AuditArchiveRepository({ db }).cut(row(change));

test('a cut drops lines, links and checkpoints and stores its row; the next one begins where it ended', async () => {
  await cut();
  expect(await counts()).toEqual([5, 5, 2, 1]);
  await cut({ seq: 6, after_seq: 4 });
  expect(await counts()).toEqual([3, 3, 1, 2]);
  const archive = new AuditArchiveRepository({ db: backend });
  expect(await archive.read(0, 10)).toMatchObject([{ seq: 4 }, { seq: 6, after_seq: 4, entries: 2 }]);
  expect(await archive.newest()).toEqual(row({ seq: 6, after_seq: 4, ...pick(await archive.newest()) }));
  expect([await archive.hasLinksUpTo(6), await archive.hasLinksUpTo(7)]).toEqual([false, true]);
});
const pick = (kept?: ArchiveRow) => (kept ? { cut_off: kept.cut_off, at: kept.at } : {});

const refused: readonly [string, Partial<ArchiveRow>, RegExp][] = [
  [
    'younger than 30 days, whatever the cut-off says',
    { seq: 7, cut_off: ago(5) },
    /younger than 30 days stays/,
  ],
  ['younger than its own cut-off', { seq: 7 }, /younger than the cut-off/],
  ['a cut-off in the future', { cut_off: ago(-1) }, /younger than 30 days stays/],
  ['the newest line', { seq: 9 }, /newest line of the chain stays/],
  ['behind the newest line', { seq: 12 }, /newest line of the chain stays/],
  ['another hash', { hash: hashAt(5) }, /the line at 4 has another hash/],
  ['a gap', { after_seq: 2 }, /the cut before ended at 0, not at 2/],
  ['from another hash on', { after_hash: hashAt(1) }, /the cut before ended at 0/],
  ['a wrong count', { entries: 3 }, /are not 3 lines/],
  ['nothing', { seq: 0, entries: 0 }, /are not 0 lines/],
];

test.each(refused)('refuses %s, and changes nothing', async (_, change, message) => {
  await expect(cut(change)).rejects.toThrow(message);
  expect(await counts()).toEqual([9, 9, 3, 0]);
});

test('what the owner keeps for longer stays, whatever the caller asks for and has signed', async () => {
  await floor(38);
  await expect(cut()).rejects.toThrow(/younger than 38 days stays/);
  expect(await counts()).toEqual([9, 9, 3, 0]);
  await cut({ cut_off: ago(39) });
  expect(await counts()).toEqual([5, 5, 2, 1]);
});

test.each([
  ['the floor is 0', () => floor(0)],
  ['the floor is gone', () => sql`DELETE FROM viw.audit_retention_floor`.execute(f.db)],
])('nothing is dropped when %s', async (_, keep) => {
  await keep();
  try {
    await expect(cut({ cut_off: ago(39) })).rejects.toThrow(/the owner of the schema keeps every line/);
    expect(await counts()).toEqual([9, 9, 3, 0]);
  } finally {
    await sql`INSERT INTO viw.audit_retention_floor (days) VALUES (30) ON CONFLICT DO NOTHING`.execute(f.db);
  }
});

test('no floor below 30 days, and no second row', async () => {
  await expect(floor(29)).rejects.toMatchObject({ code: '23514' });
  for (const [one, code] of [
    [true, '23505'],
    [false, '23514'],
  ] as const)
    await expect(
      sql`INSERT INTO viw.audit_retention_floor VALUES (${one}, 30)`.execute(f.db),
    ).rejects.toMatchObject({ code });
});

test('the owner sets the floor, a service reads it', async () => {
  await setAuditRetentionFloor(f.db, 400);
  expect(await new AuditArchiveRepository({ db: backend }).floorDays()).toBe(400);
  await expect(setAuditRetentionFloor(backend, 30)).rejects.toMatchObject({ code: '42501' });
});

test.each([
  'DELETE FROM viw.audit_log WHERE id = (SELECT entry_id FROM viw.audit_chain WHERE seq = 2)',
  'DELETE FROM viw.audit_chain WHERE seq = 2',
])('refuses a beginning that is not whole: %s', async (statement) => {
  await sql.raw(statement).execute(f.db);
  const kept = await counts();
  await expect(cut()).rejects.toThrow(/3 of 4 lines are there/);
  expect(await counts()).toEqual(kept);
});

test('refuses a row with a value missing, an end again, and an overlap', async () => {
  await expect(cut({ hash: null as unknown as string })).rejects.toMatchObject({ code: '22004' });
  await cut();
  for (const change of [{}, { seq: 6 }, { seq: 6, after_seq: 3 }])
    await expect(cut(change)).rejects.toMatchObject({ code: '40001' });
  expect(await counts()).toEqual([5, 5, 2, 1]);
});

test('links put back before the end of a cut are in the way of the next one', async () => {
  await cut();
  await sql`INSERT INTO viw.audit_chain VALUES (2, 999999, ${hashAt(1)}, ${hashAt(2)})`.execute(f.db);
  await expect(cut({ seq: 6, after_seq: 4 })).rejects.toThrow(/3 of 2 links are there/);
});

test('no other service may cut, nor anybody without a role of viw', async () => {
  for (const role of serviceRoles.filter((name) => name !== 'viw_backend'))
    await expect(cut({}, await f.as(role))).rejects.toMatchObject({ code: '42501' });
  const { rows } = await sql<{ open: boolean; definer: boolean; config: string[] }>`
    SELECT EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0) AS open, p.prosecdef AS definer,
      p.proconfig AS config FROM pg_proc p WHERE p.proname = 'drop_audit_lines'`.execute(f.db);
  expect(rows).toEqual([{ open: false, definer: true, config: ['search_path=pg_catalog, pg_temp'] }]);
});

test('objects of the caller are not taken for those of the schema', async () => {
  await backend.connection().execute(async (db) => {
    await sql.raw('CREATE TEMP TABLE audit_log (id bigint, at timestamptz)').execute(db);
    await sql
      .raw(
        `CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'infinity'::timestamptz $$`,
      )
      .execute(db);
    await sql.raw('SET search_path = pg_temp, viw').execute(db);
    await expect(cut({ seq: 7, cut_off: ago(5) }, db)).rejects.toThrow(/younger than 30 days stays/);
    await sql.raw('DISCARD ALL').execute(db);
  });
});

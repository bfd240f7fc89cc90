import type { ArchiveRow } from '@viw/database';
import { createLogger } from '@viw/runtime';
import { generateKek } from '@viw/secrets';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { chainHash } from '../src/audit/chain-hash';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import { configSource } from '../src/config';
import { runMigrations } from '../src/migrations';
import { verifyAudit } from '../src/verify-audit';
import type { AuditStage } from './audit-stage';
import { DAY_MS, auditStage, cutTwice, dueLines } from './audit-stage';
import { dieWithin } from './dying-cut';
import { startBackend } from './test-backend';

let stage: AuditStage;
beforeAll(async () => (stage = await auditStage()), 60_000);
afterAll(() => stage?.close());

const running = (): AbortSignal => new AbortController().signal;
const rows = (): Promise<ArchiveRow[]> => stage.store.repositories.auditArchive.read(0, 100);
const count = async (table: string): Promise<number> => {
  const { rows: found } = await sql<{
    n: number;
  }>`SELECT count(*) AS n FROM ${sql.table(`viw.${table}`)}`.execute(stage.around.owner);
  return found[0]?.n ?? 0;
};
/** Log lines of this event. */
const told = (event: string) =>
  stage.log
    .map((line) => JSON.parse(line) as { event?: string } & Record<string, unknown>)
    .filter((line) => line.event === event);

describe('the floor of the owner', () => {
  const floor = (days: number) => stage.owner(`UPDATE viw.audit_retention_floor SET days = ${days}`);
  beforeEach(() => dueLines(stage));
  afterEach(() => floor(30));

  it.each([
    ['lets what is asked for go', 400, [14], []],
    ['keeps lines for longer than is asked for, and that is told', 470, [8], [470]],
    ['keeps all', 0, [], [0]],
  ])('%s', async (_, days, ends, warned) => {
    const before = told('audit_retention_below_floor').length;
    await floor(days);
    await stage.retention({ days: 400 }).drop(running());
    expect((await rows()).map(({ seq }) => seq)).toEqual(ends);
    const warnings = told('audit_retention_below_floor').slice(before);
    expect(warnings.map(({ floor_days }) => floor_days)).toEqual(warned);
  });

  it('is what `migrate` is told', async () => {
    const quiet = createLogger({ service: 'backend' }, { destination: { write: () => undefined } });
    const migration = (days: string) =>
      configSource.schema.parse({
        BACKEND_MIGRATION_DATABASE_URL: stage.around.ownerUrl,
        BACKEND_AUDIT_RETENTION_DAYS: days,
      });
    for (const days of [470, 0]) {
      expect(await runMigrations(migration(`${days}`), { logger: quiet })).toBe(0);
      expect(await stage.store.repositories.auditArchive.floorDays()).toBe(days);
    }
  });
});

describe('an honest cut', () => {
  beforeAll(() => cutTwice(stage));

  it('drops whole what is due, with links and checkpoints, and the rest verifies', async () => {
    expect(await rows()).toMatchObject([
      { after_seq: 0, after_hash: '0'.repeat(64), seq: 8, entries: 8 },
      { after_seq: 8, seq: 14, entries: 6 },
    ]);
    const verification = await stage.verify();
    expect(verification).toMatchObject({
      ...{ ok: true, findings: [], entries: 9, known_place: null },
      archive: { cuts: 2, entries: 14, unknown_key: 0, up_to: { seq: 14 } },
    });
    expect([await count('audit_log'), await count('audit_chain')]).toEqual([9, 9]);
    const left = await stage.store.repositories.auditChain.checkpoints(0, undefined, 100);
    expect(left.map(({ seq }) => seq)).toEqual([18, 21, 23]);
  });

  it('is told by a line in the chain for each, and by a signed one in the log of the process', async () => {
    const page = await stage.store.repositories.audit.list({ action: 'audit.drop' });
    expect(page.items.map(({ seq, actor_kind, detail }) => [seq, actor_kind, detail.seq])).toEqual([
      [23, 'system', 14],
      [22, 'system', 8],
    ]);
    const kept = told('audit_archive').slice(-2) as unknown as ArchiveRow[];
    expect(kept).toMatchObject(await rows());
    expect(kept.map((row) => stage.archives.judge(row))).toEqual(['valid', 'valid']);
  });

  it('a second turn finds nothing to do', async () => {
    await stage.retention({ days: 400, cut: 8 }).drop(running());
    expect(await rows()).toHaveLength(2);
    expect(await stage.verify()).toMatchObject({ ok: true, waiting: 0 });
  });

  it('a place kept elsewhere is compared where there is something left to compare it with', async () => {
    const [, last] = await rows();
    const place = async (seq: number, hash: string) => {
      const { ok, known_place } = await stage.verify({ seq, hash });
      return [ok, known_place];
    };
    expect(await place(14, last?.hash ?? '')).toEqual([true, 'found']);
    expect(await place(14, '0'.repeat(64))).toEqual([false, 'differs']);
    expect(await place(5, '0'.repeat(64))).toEqual([true, 'archived']);
    expect(await place(99, '0'.repeat(64))).toEqual([false, 'differs']);
  });
});

describe('a cut that is refused', () => {
  beforeEach(() => dueLines(stage));

  const refused: Readonly<Record<string, string>> = {
    'a line that is due was changed': `UPDATE viw.audit_log SET actor_name = 'x' WHERE id = (
      SELECT entry_id FROM viw.audit_chain WHERE seq = 3)`,
    'a line that is due was removed': `DELETE FROM viw.audit_log WHERE id = (
      SELECT entry_id FROM viw.audit_chain WHERE seq = 3)`,
    'a checkpoint does not hold': `UPDATE viw.audit_checkpoints SET hash = repeat('0', 64) WHERE seq = 8`,
    'there is a row that nobody has signed': `INSERT INTO viw.audit_archive
      SELECT 8, hash, 0, repeat('0', 64), 8, at, at, kid, signature FROM viw.audit_checkpoints WHERE seq = 8`,
  };
  it.each(Object.entries(refused))('because %s', async (_, statement) => {
    await stage.owner(statement);
    const before = await count('audit_log');
    await stage.retention({ days: 400 }).drop(running());
    expect(await count('audit_log')).toBe(before);
    expect(told('audit_retention_refused').at(-1)).toMatchObject({ level: 'error' });
    expect(await stage.verify()).toMatchObject({ ok: false });
  });

  it('lines whose checkpoint was made to look old stay: its time is signed', async () => {
    await stage.owner(
      `UPDATE viw.audit_checkpoints SET at = now() - interval '499 days' WHERE seq IN (18, 21)`,
    );
    await stage.retention({ days: 400 }).drop(running());
    await stage.retention({ days: 400 }).drop(running());
    expect((await rows()).at(-1)?.seq ?? 0).toBeLessThanOrEqual(14);
    expect(await count('audit_chain')).toBeGreaterThanOrEqual(7);
  });

  it('lines made to look old, in a chain made anew under a checkpoint of somebody else, stay', async () => {
    await stage.owner(`UPDATE viw.audit_log SET at = now() - interval '450 days'`);
    const links = await stage.store.repositories.auditChain.read(0, 100);
    let previous = '0'.repeat(64);
    for (const { seq, entry } of links) {
      const hash = entry === null ? '' : chainHash(previous, entry);
      await stage.owner(
        `UPDATE viw.audit_chain SET prev_hash = '${previous}', hash = '${hash}' WHERE seq = ${seq}`,
      );
      previous = hash;
    }
    const forger = new CheckpointSigner({ keys: [generateKek()] });
    const { seq, hash, at, kid, signature } = forger.sign({
      ...{ seq: 21, hash: previous, at: new Date(Date.now() - 449 * DAY_MS).toISOString() },
    });
    await stage.owner('DELETE FROM viw.audit_checkpoints');
    await stage.owner(
      `INSERT INTO viw.audit_checkpoints VALUES (${seq}, '${hash}', '${at}', '${kid}', '${signature}')`,
    );
    await stage.retention({ days: 400 }).drop(running());
    expect(await count('audit_chain')).toBe(21);
    expect(told('audit_retention_refused').at(-1)).toMatchObject({
      reason: expect.stringMatching(/none is signed by a key that is configured/) as string,
    });
  });

  it('of a chain that is all due the newest line stays', async () => {
    await stage.empty();
    await stage.appendOld(5, 500);
    await stage.seal(500);
    await stage.retention({ days: 400 }).drop(running());
    expect(await rows()).toMatchObject([{ seq: 4, entries: 4 }]);
    await stage.seal();
    await stage.append(1);
    await stage.seal();
    expect(await stage.verify()).toMatchObject({ ok: true, entries: 3 });
  });
});

describe('a cut beside others', () => {
  beforeEach(() => dueLines(stage));

  it('of two backends at once none drops what the other did not see', async () => {
    const alarms = told('audit_retention_refused').length;
    const turns = [1, 2].map(() => stage.retention({ days: 400, cut: 3 }).drop(running()));
    for (const turn of await Promise.allSettled(turns))
      if (turn.status === 'rejected') expect(turn.reason).toMatchObject({ code: '40001' });
    expect(told('audit_retention_refused')).toHaveLength(alarms);
    // Whoever came second leaves it to the next turn.
    await stage.retention({ days: 400, cut: 3 }).drop(running());
    await stage.seal();
    expect(await stage.verify()).toMatchObject({ ok: true, archive: { entries: 14, up_to: { seq: 14 } } });
    const page = await stage.store.repositories.audit.list({ action: 'audit.drop' });
    expect(page.items).toHaveLength((await rows()).length);
  });

  it('one that was overtaken between two cuts leaves the rest to the other, without an alarm', async () => {
    const alarms = told('audit_retention_refused').length;
    const { store } = stage;
    const otherCut = async (): Promise<void> => {
      const [link] = await store.repositories.auditChain.read(10, 1);
      const [first] = await rows();
      const cut = {
        ...{ seq: 11, hash: link?.hash ?? '', after_seq: 8, after_hash: first?.hash ?? '', entries: 3 },
        ...{ cut_off: new Date(Date.now() - 400 * DAY_MS).toISOString(), at: new Date().toISOString() },
      };
      await store.repositories.auditArchive.cut(stage.archives.sign(cut));
    };
    const overtaken = stage.retention(
      { days: 400, cut: 8 },
      {
        snapshot: (work) => store.snapshot(work),
        transaction: async (work) => {
          const done = await store.transaction(work);
          await otherCut();
          return done;
        },
      },
    );
    await overtaken.drop(running());
    expect(await rows()).toMatchObject([{ seq: 8 }, { seq: 11 }]);
    expect(told('audit_retention_refused')).toHaveLength(alarms);
  });

  it('one that is told to end while it looks leaves off quietly', async () => {
    const end = new AbortController();
    let looks = 0;
    const snapshot: typeof stage.store.snapshot = (work) => {
      if (++looks === 3) end.abort(); // After the floor and the archive.
      return stage.store.snapshot(work);
    };
    await stage
      .retention({ days: 400 }, { transaction: () => Promise.reject(new Error('it cuts')), snapshot })
      .drop(end.signal);
    expect(looks).toBe(3);
  });

  it('a backend that is killed within a cut has cut nothing', async () => {
    await dieWithin(stage, 8);
    await eventually(async () => expect(await count('audit_chain')).toBe(21));
    expect([await count('audit_log'), await count('audit_archive')]).toEqual([21, 0]);
    expect(await stage.verify()).toMatchObject({ ok: true, entries: 21 });
    await stage.retention({ days: 400 }).drop(running());
    await stage.seal();
    expect(await stage.verify()).toMatchObject({ ok: true, archive: { entries: 14 } });
  });

  it('verification sees one state while lines are dropped, and adding lines waits for no cut', async () => {
    const held = stage.around.owner.transaction().execute(async (trx) => {
      const [link] = await stage.store.repositories.auditChain.read(7, 1);
      const row = stage.archives.sign({
        ...{ seq: 8, hash: link?.hash ?? '', after_seq: 0, after_hash: '0'.repeat(64), entries: 8 },
        ...{ cut_off: new Date(Date.now() - 400 * DAY_MS).toISOString(), at: new Date().toISOString() },
      });
      await sql`SELECT viw.drop_audit_lines(8, ${row.hash}, 0, ${row.after_hash}, 8, ${row.cut_off}, ${row.at},
        ${row.kid}, ${row.signature})`.execute(trx);
      await stage.append(2);
      await stage.seal();
      expect(await stage.verify()).toMatchObject({ ok: true, entries: 23, archive: { cuts: 0 } });
    });
    await held;
    expect(await stage.verify()).toMatchObject({ ok: true, entries: 15, archive: { cuts: 1 } });
  });
});

it('a running backend does it by itself, and says so by API, command and metrics', async () => {
  await dueLines(stage);
  const backend = await startBackend(stage.around);
  try {
    await eventually(async () => expect(await rows()).toMatchObject([{ seq: 14 }]));
    const auditor = await backend.as('auditor');
    const verified = { ok: true, archive: { cuts: 1, entries: 14, up_to: { seq: 14 } } };
    await expect(auditor.audit.verify()).resolves.toMatchObject(verified);
    await expect(auditor.audit.list({ action: 'audit.drop' })).resolves.toMatchObject({
      items: [{ actor_kind: 'system', detail: { seq: 14, entries: 14 } }],
    });
    await eventually(async () => expect(await backend.metric('viw_audit_lines_dropped_total')).toBe(14));
    expect(await backend.metric('viw_audit_retention_refused')).toBe(0);
    expect(await backend.metric('viw_audit_oldest_line_seconds')).toBeGreaterThan(299 * 86_400);
    expect(await verifyByCommand()).toMatchObject([0, verified]);
    await stage.owner('DELETE FROM viw.audit_archive');
    const missing = { ok: false, findings: [{ kind: 'links_missing', seq: 1 }] };
    await expect(auditor.audit.verify()).resolves.toMatchObject(missing);
    expect(await verifyByCommand()).toMatchObject([1, missing]);
  } finally {
    await backend.stop();
  }
});

async function verifyByCommand(): Promise<[number, unknown]> {
  let text = '';
  const config = configSource.schema.parse(stage.around.environment);
  const logger = createLogger({ service: 'backend', level: 'silent' });
  const status = await verifyAudit(config, { logger, out: (part) => void (text += part) });
  return [status, JSON.parse(text)];
}

import type { ArchiveRow } from '@viw/database';
import { generateKek } from '@viw/secrets';
import { ArchiveSigner } from '../src/audit/archive-signer';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import type { AuditStage } from './audit-stage';
import { auditStage, cutTwice, dueLines } from './audit-stage';

let stage: AuditStage;
beforeAll(async () => {
  stage = await auditStage();
  await cutTwice(stage);
}, 60_000);
afterAll(() => stage?.close());

const rows = (): Promise<ArchiveRow[]> => stage.store.repositories.auditArchive.read(0, 100);

it('after the key was replaced a row of the former one needs it, until a later one vouches for it', async () => {
  const [first, second] = await rows();
  const next = new ArchiveSigner({ keys: [generateKek()] });
  expect(first && next.judge(first)).toBe('unknown_key');
  const resigned = second && new ArchiveSigner({ keys: [generateKek()] }).sign(second);
  await stage.tampering(
    [
      `UPDATE viw.audit_archive SET kid = '${resigned?.kid}', signature = '${resigned?.signature}' WHERE seq = 8`,
    ],
    async () => {
      expect(await stage.verify()).toMatchObject({ ok: true, archive: { unknown_key: 1 } });
    },
  );
});

const at = (seq: number): string => `(SELECT entry_id FROM viw.audit_chain WHERE seq = ${seq})`;
const without = (...seqs: number[]): string[] => [
  `DELETE FROM viw.audit_log WHERE id IN (SELECT entry_id FROM viw.audit_chain WHERE seq IN (${seqs.join()}))`,
  `DELETE FROM viw.audit_chain WHERE seq IN (${seqs.join()})`,
];
const forgedRow = (kid: string): string =>
  `INSERT INTO viw.audit_archive SELECT seq, hash, 14, prev, 2, now() - interval '400 days', now(), '${kid}', 'AAAA'
   FROM (SELECT c.seq, c.hash, (SELECT prev_hash FROM viw.audit_chain WHERE seq = 15) AS prev
     FROM viw.audit_chain c WHERE c.seq = 16) x`;
const kid = `' || (SELECT kid FROM viw.audit_archive WHERE seq = 8) || '`;

const tampers: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  'a line changed': [
    [`UPDATE viw.audit_log SET outcome = 'failure' WHERE id = ${at(16)}`],
    ['entry_changed'],
  ],
  'a line removed': [[`DELETE FROM viw.audit_log WHERE id = ${at(16)}`], ['entry_missing']],
  'the first line behind the cut removed with its link': [without(15), ['links_missing']],
  'a line in the middle removed with its link': [without(17), ['links_missing']],
  'two links exchanged': [
    [
      'UPDATE viw.audit_chain SET seq = 1000 WHERE seq = 16',
      'UPDATE viw.audit_chain SET seq = 16 WHERE seq = 17',
      'UPDATE viw.audit_chain SET seq = 17 WHERE seq = 1000',
    ],
    ['link_changed', 'link_changed', 'link_changed'],
  ],
  'the newest row of the archive removed': [
    ['DELETE FROM viw.audit_archive WHERE seq = 14'],
    ['links_missing'],
  ],
  'all rows removed': [['DELETE FROM viw.audit_archive'], ['links_missing']],
  'a row in the middle removed': [['DELETE FROM viw.audit_archive WHERE seq = 8'], ['archive_gap']],
  'an earlier row changed': [
    [`UPDATE viw.audit_archive SET cut_off = cut_off - interval '1 day' WHERE seq = 8`],
    ['archive_forged'],
  ],
  'the newest row changed': [
    [`UPDATE viw.audit_archive SET at = at - interval '1 day' WHERE seq = 14`],
    ['archive_forged', 'links_missing'],
  ],
  'more cut off, with a row that nobody has signed': [
    [forgedRow(kid), ...without(15, 16)],
    ['archive_forged', 'links_missing'],
  ],
  'more cut off, with a row by a key of its own': [
    [forgedRow('another'), ...without(15, 16)],
    ['archive_unknown_key', 'links_missing'],
  ],
  'a row invented beside lines that are all there': [[forgedRow(kid)], ['archive_forged']],
  'a link put back before the cut': [
    [
      'ALTER TABLE viw.audit_log DISABLE TRIGGER ALL',
      `INSERT INTO viw.audit_chain SELECT 3, 999999, prev_hash, hash FROM viw.audit_chain WHERE seq = 15`,
    ],
    ['archived_lines_present'],
  ],
  'everything behind the cut removed, with its checkpoints': [
    [
      ...without(...Array.from({ length: 9 }, (_, i) => 15 + i)),
      'DELETE FROM viw.audit_checkpoints WHERE seq > 14',
    ],
    ['chain_cut_off'],
  ],
};

it.each(Object.entries(tampers))('finds %s', async (_, [statements, found]) => {
  await stage.tampering(statements, async () => {
    const { ok, findings } = await stage.verify();
    expect([ok, findings.map(({ kind }) => kind)]).toEqual([false, found]);
    for (const { text } of findings) expect(text).toMatch(/^\w.{20,}/);
  });
  expect(await stage.kinds()).toEqual([]);
});

it('finds rows that overlap or do not follow from each other, though signed', async () => {
  const [first, second] = await rows();
  if (!first || !second) throw new Error('no cuts');
  const replaced = (change: Partial<ArchiveRow>): string[] => {
    const { after_seq, after_hash, entries, signature } = stage.archives.sign({ ...second, ...change });
    return [
      `UPDATE viw.audit_archive SET after_seq = ${after_seq}, after_hash = '${after_hash}',
        entries = ${entries}, signature = '${signature}' WHERE seq = 14`,
    ];
  };
  for (const [change, kind] of [
    [{ after_seq: 7, entries: 7 }, 'archive_overlap'],
    [{ after_hash: second.hash }, 'archive_differs'],
  ] as const)
    await stage.tampering(replaced(change), async () => expect(await stage.kinds()).toEqual([kind]));
});

it('no signature passes for one of the other kind', async () => {
  const [row] = await rows();
  if (!row) throw new Error('no cut');
  const checkpoint = stage.signer.sign(row);
  expect(stage.signer.judge(checkpoint)).toBe('valid');
  expect(stage.archives.judge({ ...row, ...checkpoint })).toBe('invalid');
  expect(stage.signer.judge(row)).toBe('invalid');
});

it('keys of checkpoints and of cuts are the same: who keeps one can check the other', () => {
  const kek = generateKek();
  const { kid } = new ArchiveSigner({ keys: [kek] }).sign({
    ...{ seq: 1, hash: '', after_seq: 0, after_hash: '', entries: 1, cut_off: '', at: '' },
  });
  expect(new CheckpointSigner({ keys: [kek] }).publicKeys).toMatchObject([{ kid }]);
});

describe('a cut after the signing key was replaced and the former one forgotten', () => {
  beforeEach(() => dueLines(stage));
  const retain = () => stage.retention({ days: 400, cut: 3 }).drop(new AbortController().signal);
  /** The newest. */
  const refusal = (): string | undefined =>
    stage.log
      .map((line) => JSON.parse(line) as { event?: string; reason?: string })
      .findLast(({ event }) => event === 'audit_retention_refused')?.reason;

  /** As if that key had signed at these places. */
  async function signedByFormer(...places: number[]): Promise<void> {
    const former = new CheckpointSigner({ keys: [generateKek()] });
    for (const one of await stage.store.repositories.auditChain.checkpoints(0, undefined, 100)) {
      if (!places.includes(one.seq)) continue;
      const { kid, signature } = former.sign(one);
      await stage.owner(
        `UPDATE viw.audit_checkpoints SET kid = '${kid}', signature = '${signature}' WHERE seq = ${one.seq}`,
      );
    }
  }

  it('goes on to the first checkpoint that the present key vouches for, once that is due', async () => {
    await signedByFormer(8);
    await retain();
    expect((await rows()).map(({ seq }) => seq)).toEqual([3, 6, 9, 12, 14]);
    await stage.seal();
    expect(await stage.verify()).toMatchObject({ ok: true, archive: { entries: 14 } });
  });

  it('is refused until then: nobody says how old the lines are', async () => {
    await signedByFormer(8, 14);
    await retain();
    expect(await rows()).toEqual([]);
    expect(refusal()).toMatch(/none is signed by a key that is configured/);
  });

  it('is refused for a changed line, whoever has signed the checkpoints before it', async () => {
    await signedByFormer(8);
    await stage.owner(
      `UPDATE viw.audit_log SET actor_name = 'x' WHERE id = (SELECT entry_id FROM viw.audit_chain WHERE seq = 3)`,
    );
    await retain();
    expect(await rows()).toEqual([]);
    expect(refusal()).toBe('it does not verify');
  });
});

import type { Checkpoint, Db } from '@viw/database';
import { generateKek } from '@viw/secrets';
import { sql } from 'kysely';
import { chainHash } from '../src/audit/chain-hash';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import type { Store } from '../src/store';
import type { AuditStage } from './audit-stage';
import { auditStage } from './audit-stage';

let stage: AuditStage;
let db: Db;
let store: Store;
let signer: CheckpointSigner;
let log: string[];

beforeAll(async () => {
  stage = await auditStage();
  ({ db, store, signer, log } = stage);
}, 60_000);

afterAll(() => stage?.close());

const owner: AuditStage['owner'] = (text) => stage.owner(text);
const append: AuditStage['append'] = (count) => stage.append(count);
const seal: AuditStage['seal'] = () => stage.seal();
const verify: AuditStage['verify'] = (known) => stage.verify(known);
const kinds: AuditStage['kinds'] = (known) => stage.kinds(known);
const tampering: AuditStage['tampering'] = (statements, look) => stage.tampering(statements, look);

const at = (seq: number): string => `(SELECT entry_id FROM viw.audit_chain WHERE seq = ${seq})`;

beforeAll(async () => {
  await append(8);
  await seal();
  await append(4);
  await seal();
}, 60_000);

it('one chain over all lines, with a signed checkpoint in tables and log', async () => {
  const verification = await verify();
  expect(verification).toMatchObject({ ok: true, entries: 12, waiting: 0, findings: [] });
  expect(verification.checkpoints).toMatchObject({ checked: 2, unknown_key: 0 });
  const line = log.map((text) => JSON.parse(text) as Checkpoint & { event: string });
  const last = line.filter(({ event }) => event === 'audit_checkpoint').at(-1);
  expect(last).toMatchObject(verification.tip);
  // As it left the system it can be checked with nothing but the public key.
  expect(last && signer.judge(last)).toBe('valid');
});

const tampers: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  'a line changed': [[`UPDATE viw.audit_log SET outcome = 'failure' WHERE id = ${at(5)}`], ['entry_changed']],
  'a time changed': [
    [`UPDATE viw.audit_log SET at = at - interval '1 ms' WHERE id = ${at(1)}`],
    ['entry_changed'],
  ],
  'a line removed': [[`DELETE FROM viw.audit_log WHERE id = ${at(5)}`], ['entry_missing']],
  'a line removed with its link': [
    [`DELETE FROM viw.audit_log WHERE id = ${at(5)}`, 'DELETE FROM viw.audit_chain WHERE seq = 5'],
    ['links_missing'],
  ],
  'the first lines removed': [
    [
      'DELETE FROM viw.audit_log WHERE id IN (SELECT entry_id FROM viw.audit_chain WHERE seq < 3)',
      'DELETE FROM viw.audit_chain WHERE seq < 3',
    ],
    ['links_missing'],
  ],
  'what two lines say exchanged': [
    [
      `UPDATE viw.audit_log a SET object_id = b.object_id, detail = b.detail FROM viw.audit_log b
       WHERE (a.id = ${at(3)} AND b.id = ${at(4)}) OR (a.id = ${at(4)} AND b.id = ${at(3)})`,
    ],
    ['entry_changed', 'entry_changed'],
  ],
  'two links exchanged': [
    [
      'UPDATE viw.audit_chain SET seq = 1000 WHERE seq = 3',
      'UPDATE viw.audit_chain SET seq = 3 WHERE seq = 4',
      'UPDATE viw.audit_chain SET seq = 4 WHERE seq = 1000',
    ],
    ['link_changed', 'link_changed', 'link_changed'],
  ],
  'the end cut off': [
    [
      'DELETE FROM viw.audit_log WHERE id IN (SELECT entry_id FROM viw.audit_chain WHERE seq > 9)',
      'DELETE FROM viw.audit_chain WHERE seq > 9',
    ],
    ['chain_cut_off'],
  ],
  'a line put in without the trigger': [
    [
      'ALTER TABLE viw.audit_log DISABLE TRIGGER ALL',
      `INSERT INTO viw.audit_log (actor_kind, actor_id, action, outcome) VALUES ('a', 'b', 'c', 'success')`,
    ],
    ['entry_not_sealed'],
  ],
  'a line removed before it was sealed': [
    [
      `INSERT INTO viw.audit_log (actor_kind, actor_id, action, outcome) VALUES ('a', 'b', 'c', 'success')`,
      `DELETE FROM viw.audit_log WHERE action = 'c'`,
    ],
    ['entry_lost_before_sealing'],
  ],
  'a checkpoint replaced': [
    [`UPDATE viw.audit_checkpoints SET hash = repeat('0', 64) WHERE seq = 8`],
    ['checkpoint_forged'],
  ],
};

it.each(Object.entries(tampers))('finds %s', async (_, [statements, found]) => {
  await tampering(statements, async () => {
    const verification = await verify();
    expect(verification.ok).toBe(false);
    expect(verification.findings.map(({ kind }) => kind)).toEqual(found);
  });
  expect(await kinds()).toEqual([]);
});

it('finds a chain that was made anew from a changed line on, with checkpoints by a key of its own', async () => {
  const links = await store.repositories.auditChain.read(0, 100);
  await tampering([`UPDATE viw.audit_log SET actor_name = 'x' WHERE id = ${at(6)}`], async () => {
    const changed = await store.repositories.auditChain.read(0, 100);
    let previous = links[4]?.hash ?? '';
    for (const { seq, entry } of changed.slice(5)) {
      const hash = entry === null ? '' : chainHash(previous, entry);
      await owner(
        `UPDATE viw.audit_chain SET prev_hash = '${previous}', hash = '${hash}' WHERE seq = ${seq}`,
      );
      previous = hash;
    }
    expect(await kinds()).toEqual(['checkpoint_differs', 'checkpoint_differs']);
    const forger = new CheckpointSigner({ keys: [generateKek()] });
    const { kid, signature } = forger.sign({ seq: 12, hash: previous, at: '2026-11-28T08:00:00.000Z' });
    await owner(`DELETE FROM viw.audit_checkpoints WHERE seq = 8`);
    await owner(
      `UPDATE viw.audit_checkpoints SET hash = '${previous}', kid = '${kid}', signature = '${signature}' WHERE seq = 12`,
    );
    const verification = await verify();
    // Nothing within the tables tells any more; what has left them does.
    expect(verification.checkpoints).toMatchObject({ checked: 0, unknown_key: 1 });
    expect(await kinds({ seq: 12, hash: links[11]?.hash ?? '' })).toEqual(['known_place_differs']);
  });
});

it('goes on behind a hole, so that the hole stays to be seen', async () => {
  await tampering(
    [
      'DELETE FROM viw.audit_log WHERE id IN (SELECT entry_id FROM viw.audit_chain WHERE seq > 9)',
      'DELETE FROM viw.audit_chain WHERE seq > 9',
    ],
    async () => {
      await append(1);
      await seal();
      expect(await store.repositories.auditChain.tip()).toMatchObject({ seq: 13 });
      expect(await kinds()).toEqual(['chain_cut_off', 'links_missing']);
      expect(log.join('')).toContain('audit_chain_broken');
    },
  );
});

it('a backend may add to the log, and change nothing of it', async () => {
  for (const statement of [
    'UPDATE viw.audit_log SET action = action',
    'DELETE FROM viw.audit_log',
    'UPDATE viw.audit_chain SET hash = hash',
    'DELETE FROM viw.audit_chain',
    'DELETE FROM viw.audit_checkpoints',
    'INSERT INTO viw.audit_unsealed VALUES (1)',
  ])
    await expect(sql.raw(statement).execute(db)).rejects.toMatchObject({ code: '42501' });
});

it('a line whose transaction commits late finds its place behind those sealed meanwhile', async () => {
  let commit = (): void => undefined;
  const committing = new Promise<void>((resolve) => (commit = resolve));
  let written = (): void => undefined;
  const begun = new Promise<void>((resolve) => (written = resolve));
  const late = store.transaction(async ({ audit }) => {
    await audit.append({
      actor: { kind: 'a', id: 'late', name: 'late' },
      action: 'late',
      outcome: 'success',
    });
    written();
    await committing;
  });
  await begun;
  await append(2);
  await seal();
  commit();
  await late;
  await seal();
  expect(await kinds()).toEqual([]);
  const last = (await store.repositories.auditChain.read(0, 100)).at(-1);
  expect(last?.entry?.action).toBe('late');
});

it('a burst of lines is signed as it is sealed: no two checkpoints are far apart', async () => {
  await stage.appendOld(2_600, 0);
  await seal();
  const checkpoints = await store.repositories.auditChain.checkpoints(0, undefined, 100);
  const gaps = checkpoints.map(({ seq }, i) => seq - (checkpoints[i - 1]?.seq ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(1_500);
  expect(await kinds()).toEqual([]);
});

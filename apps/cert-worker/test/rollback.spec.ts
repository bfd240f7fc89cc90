import { CertificateRepository, CertificateVersionRepository, VirtualHostRepository } from '@viw/database';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { startRig, stepLines, type Rig } from './rig';

const sites = ['back.example', 'kept.example', 'gone.example'];
let rig: Rig;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  rig = await startRig(sites);
  worker = await rig.startWorker({
    CERT_WORKER_SCHEDULE_EVERY_MS: '100',
    CERT_WORKER_LEASE_S: '3',
  });
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await rig.stop();
}, 60_000);

/** With two versions, the newer one in service. */
async function renewed(site: string) {
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site], [host.id]);
  for (const kind of ['issue', 'renew'] as const)
    expect((await rig.ended(await rig.request(id, kind))).status).toBe('succeeded');
  const [newer, older] = (await new CertificateVersionRepository({ db: rig.db }).list(id)).items;
  return { id, host, newer: newer!, older: older! };
}
const rollback = async (id: string, version_id: string) =>
  rig.ended(await rig.request(id, 'rollback', 2, { version_id }));

test('back to the version of before: proved, the current one, and renewed when it was to be', async () => {
  const { id, newer, older } = await renewed('back.example');
  const planned = await eventually(
    async () => {
      const { renewal } = await rig.certificateOf(id);
      expect(renewal.due_at).not.toBeNull();
      return renewal.due_at!;
    },
    { what: 'the plan of the newer version' },
  );
  // Older versions are past their own renewal by then.
  await sql`UPDATE viw.certificate_versions SET not_before = now() - interval '300 days',
    not_after = now() + interval '60 days' WHERE id = ${older.id}`.execute(rig.db);
  const operation = await rollback(id, older.id);
  expect(operation).toMatchObject({ status: 'succeeded', kind: 'rollback', error: null });
  expect(stepLines(operation)).toEqual(expect.arrayContaining(['switch done', 'prove done']));
  expect(await rig.served('back.example')).toBe(older.fingerprint_sha256);
  const now = await rig.certificateOf(id);
  expect(now.current_version?.id).toBe(older.id);
  expect(now.used_by[0]?.deployed_version_id).toBe(older.id);
  // The last twentieth of 360 days is 18 days: 42 from now, since the plan of before was later.
  const latest = Date.now() + 42 * 86_400_000;
  expect(Math.abs(Date.parse(now.renewal.due_at!) - Math.min(Date.parse(planned), latest))).toBeLessThan(
    60_000,
  );
  expect(now.renewal.note).toContain('went back to this version');
  // And forward again.
  expect((await rollback(id, newer.id)).status).toBe('succeeded');
  expect(await rig.served('back.example')).toBe(newer.fingerprint_sha256);
});

test.each([
  ['is revoked', 'revoked_at = now()'],
  ['is in quarantine', 'quarantined_at = now()'],
  ['has expired', "not_after = now() - interval '1 s'"],
  ['has lost its key', 'private_key_sealed = NULL, key_destroyed_at = now()'],
])('what has changed since it was asked for counts: a version that %s is not touched', async (_, change) => {
  const [site] = ['kept.example'];
  kept ??= await renewed(site);
  const { id, newer, older } = kept;
  const before = await sql<{ row: object }>`SELECT to_jsonb(v) AS row FROM viw.certificate_versions v
    WHERE id = ${older.id}`.execute(rig.db);
  await sql`UPDATE viw.certificate_versions SET ${sql.raw(change)} WHERE id = ${older.id}`.execute(rig.db);
  const operation = await rollback(id, older.id);
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'DEPLOY_REFUSED' } });
  expect(operation.steps).toEqual([]);
  expect(await rig.served(site)).toBe(newer.fingerprint_sha256);
  expect((await rig.certificateOf(id)).current_version?.id).toBe(newer.id);
  await sql`UPDATE viw.certificate_versions v SET revoked_at = o.revoked_at, quarantined_at = o.quarantined_at,
    not_after = o.not_after, private_key_sealed = o.private_key_sealed, key_destroyed_at = o.key_destroyed_at
    FROM jsonb_populate_record(NULL::viw.certificate_versions, ${JSON.stringify(before.rows[0]?.row)}::jsonb) o
    WHERE v.id = o.id`.execute(rig.db);
});
let kept: Awaited<ReturnType<typeof renewed>> | undefined;

test('retired while a worker renews it: the work ends, no key is left, and nothing begins again', async () => {
  const { id, host } = await renewed('gone.example');
  const free = { certificate_id: null };
  await new VirtualHostRepository({ db: rig.db }).change(host.server_id, host.id, free);
  // A name that no CA has seen: it is validated for sure.
  await sql`UPDATE viw.certificates SET names = '{fresh.example}' WHERE id = ${id}`.execute(rig.db);
  rig.gate.close();
  const operation = await rig.request(id, 'renew');
  await eventually(() => expect(rig.gate.waiting).toBeGreaterThan(0), { what: 'an order under way' });
  expect(await new CertificateRepository({ db: rig.db }).retire(id)).toBe('retired');
  expect(await rig.operation(operation)).toMatchObject({
    status: 'failed',
    error: { code: 'CONFLICT', msg: 'the certificate was retired' },
  });
  rig.gate.open();
  // The worker has let go of it: nobody holds the request any more.
  await eventually(
    async () => {
      const ended = (await rig.events(operation)).filter((event) => event.event === 'finished');
      expect(ended.length).toBeGreaterThan(0);
    },
    { timeoutMs: 30_000, what: 'the end being told' },
  );
  const { rows } = await sql<{ keys: number }>`SELECT
    (SELECT count(*) FROM viw.certificate_versions WHERE certificate_id = ${id} AND private_key_sealed IS NOT NULL)
    + (SELECT count(*) FROM viw.certificate_order_keys k JOIN viw.certificate_operations o ON o.id = k.operation_id
      WHERE o.certificate_id = ${id}) + (SELECT count(*) FROM viw.renewal_plans WHERE certificate_id = ${id})
    + (SELECT count(*) FROM viw.certificate_operations WHERE certificate_id = ${id} AND status IN ('accepted', 'running'))
    AS keys`.execute(rig.db);
  expect(rows[0]?.keys).toBe(0);
});

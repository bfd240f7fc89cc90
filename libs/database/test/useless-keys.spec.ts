import { sql } from 'kysely';
import { CertificateVersionRepository, VersionReturnRepository } from '../src/index';
import { certificateHistoryStage } from './certificate-history-stage';

const stage = certificateHistoryStage();
const { version, withKey } = stage;
const destroy = (keepDays = 90, limit = 100) => stage.retention().keys({ keepDays, limit });
const set = (id: string, change: string) =>
  stage.run(sql`UPDATE viw.certificate_versions SET ${sql.raw(change)} WHERE id = ${id}`);
// Those of tests before are out of service.
beforeEach(() => destroy(1, 10_000));

test('keys of versions that ended long ago are destroyed; of the current, the returnable and the lately ended they stay', async () => {
  const id = await stage.certificate();
  const gone = await version(id, 300, -91);
  const lately = await version(id, 200, -89);
  const returnable = await version(id, 60, 30);
  const current = await version(id, 200, -100);
  const ids = [gone, lately, returnable, current].map((one) => one.id);
  expect(await destroy()).toBe(1);
  expect(await destroy()).toBe(0);
  expect(await withKey(ids)).toEqual(ids.slice(1));
  const versions = new CertificateVersionRepository(stage.worker.deps);
  expect((await versions.find(id, gone.id))?.key_destroyed_at).not.toBeNull();
  expect(await versions.getDeployable(current.id)).toBeDefined();
  expect(await new VersionReturnRepository(stage.worker.deps).isReturnable(id, returnable.id)).toBe(true);
});

test('so are those of revoked versions and of versions in quarantine, though they have not ended', async () => {
  const id = await stage.certificate();
  const [revoked, quarantined, lately] = [
    await version(id, 100, 265),
    await version(id, 100, 265),
    await version(id, 100, 265),
  ];
  await version(id, 1, 90);
  await set(revoked.id, "revoked_at = now() - interval '91 days'");
  await set(quarantined.id, "quarantined_at = now() - interval '91 days'");
  await set(lately.id, "quarantined_at = now() - interval '89 days'");
  expect(await destroy()).toBe(2);
  expect(await withKey([revoked.id, quarantined.id, lately.id])).toEqual([lately.id]);
});

test('the key of what a virtual host is still to serve stays until it serves another one, or none', async () => {
  const id = await stage.certificate();
  const served = await version(id, 300, -91);
  const next = await version(id, 1, 90);
  const host = await stage.virtualHost(id);
  await stage.deployed(host, id, served.id, 290);
  expect(await destroy()).toBe(0);
  await stage.deployed(host, id, next.id, 0);
  expect(await destroy()).toBe(1);
});

test('nothing is destroyed of a certificate while somebody works on it; a revoked one keeps no key for ever', async () => {
  const id = await stage.certificate();
  const [first, second] = [await version(id, 300, -91), await version(id, 300, -91)];
  const { operation_id, fencing } = await stage.claimed(id, 'deploy');
  expect(await destroy()).toBe(0);
  await stage.work.finish(operation_id, fencing, 'succeeded');
  await stage.run(sql`UPDATE viw.certificates SET state = 'revoked' WHERE id = ${id}`);
  expect(await destroy(90, 1)).toBe(1);
  expect(await destroy(90, 1)).toBe(1);
  expect(await withKey([first.id, second.id])).toEqual([]);
});

test('a cert-worker cannot say when something ended: keys and operations of today stay, whatever its account writes', async () => {
  const id = await stage.certificate();
  const { operation_id, fencing } = await stage.claimed(id, 'deploy');
  await stage.work.finish(operation_id, fencing, 'succeeded');
  const { operation_id: later, fencing: next } = await stage.claimed(id, 'deploy');
  await stage.work.finish(later, next, 'succeeded');
  const current = await version(id, 1, 90);
  const { db } = stage.worker.deps;
  const long = '2000-01-01T00:00:00Z';
  await sql`UPDATE viw.certificates SET current_version_id = NULL WHERE id = ${id}`.execute(db);
  await sql`UPDATE viw.certificate_versions SET revoked_at = ${long}, quarantined_at = ${long} WHERE id = ${current.id}`.execute(
    db,
  );
  for (const at of [long, null, long])
    await sql`UPDATE viw.certificate_operations SET finished_at = ${at} WHERE id = ${operation_id}`.execute(
      db,
    );
  expect(await destroy(1)).toBe(0);
  expect(await withKey([current.id])).toEqual([current.id]);
  expect(await stage.retention().operations({ keepDays: 90, limit: 100 })).toBe(0);
});

test('less than a day is refused, and so is a caller of another service', async () => {
  await expect(destroy(0)).rejects.toMatchObject({ code: '22023' });
  const { rows } = await sql<{
    may: boolean;
  }>`SELECT bool_or(has_function_privilege(role, f.oid, 'EXECUTE')) AS may
    FROM unnest(ARRAY['viw_backend', 'viw_notifier', 'viw_results_writer', 'viw_telemetry_writer']) AS role, pg_proc f
    WHERE f.pronamespace = 'viw'::regnamespace AND f.proname IN ('destroy_useless_keys', 'forget_versions',
      'forget_operations', 'forget_deployments', 'forget_retired_certificates')`.execute(stage.owner());
  expect(rows).toEqual([{ may: false }]);
});

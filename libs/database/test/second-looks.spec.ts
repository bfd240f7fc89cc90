import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { certificateHistoryStage } from './certificate-history-stage';

/** What is committed after a sweep has looked, and before it holds the rows. */
const stage = certificateHistoryStage();
const { certificate, version, operation, existing, run } = stage;
const old = { keepDays: 400, limit: 100 };
const statement = (text: string) => sql.raw(text).execute(stage.owner());

/** A service that reads a certificate stops while somebody holds the advisory lock, with the snapshot that its statement has. */
beforeAll(async () => {
  await statement(`CREATE FUNCTION viw.stop() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN IF session_user LIKE 't\\_%' THEN PERFORM pg_advisory_xact_lock_shared(1); END IF; RETURN true; END $$`);
});

/** @returns what the sweep has taken, which has looked before the change and goes on after it */
async function sweptMeanwhile(sweep: () => Promise<number>, change: () => Promise<unknown>): Promise<number> {
  await statement('ALTER TABLE viw.certificates RENAME TO real_certificates');
  await statement('CREATE VIEW viw.certificates AS SELECT * FROM viw.real_certificates WHERE viw.stop()');
  try {
    const swept = await stage
      .owner()
      .transaction()
      .execute(async (trx) => {
        await sql`SELECT pg_advisory_xact_lock(1)`.execute(trx);
        const sweeping = sweep();
        await eventually(async () => {
          const { rows } = await sql`SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'advisory'`.execute(stage.owner());
          expect(rows).toHaveLength(1);
        });
        await change();
        return [sweeping];
      });
    return (await Promise.all(swept))[0] as number;
  } finally {
    await statement('DROP VIEW viw.certificates');
    await statement('ALTER TABLE viw.real_certificates RENAME TO certificates');
  }
}

const ordered = (certificateId: string) =>
  run(sql`INSERT INTO viw.certificate_operations (id, certificate_id, kind, status, issued_by_kind, issued_by_id, issued_by_name)
    VALUES (gen_random_uuid(), ${certificateId}, 'deploy', 'accepted', 'system', 'test', 'test')`);
const withoutKey = (id: string) =>
  run(
    sql`UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now() WHERE id = ${id}`,
  );

test('a key stays when an operation of its certificate is ordered', async () => {
  const id = await certificate();
  const ended = await version(id, 800, -401);
  await version(id, 1, 90);
  const keys = () => stage.retention().keys(old);
  expect(await sweptMeanwhile(keys, () => ordered(id))).toBe(0);
  expect(await stage.withKey([ended.id])).toEqual([ended.id]);
});

test('a version stays when an operation of its certificate is ordered', async () => {
  const id = await certificate();
  const ended = await version(id, 800, -401);
  await withoutKey(ended.id);
  await version(id, 1, 90);
  const versions = () => stage.retention().versions(old);
  expect(await sweptMeanwhile(versions, () => ordered(id))).toBe(0);
  expect(await existing('certificate_versions', [ended.id])).toEqual([ended.id]);
});

test('an operation stays when a version goes back to it', async () => {
  const id = await certificate();
  const ended = await operation(id, 401);
  const { id: current } = await version(id, 1, 90);
  const refers = () =>
    run(sql`UPDATE viw.certificate_versions SET operation_id = ${ended} WHERE id = ${current}`);
  const operations = () => stage.retention().operations(old);
  expect(await sweptMeanwhile(operations, refers)).toBe(0);
  expect(await existing('certificate_operations', [ended])).toEqual([ended]);
});

test('a deployment stays when it becomes what is served', async () => {
  const id = await certificate();
  const { id: served } = await version(id, 800, 90);
  const host = await stage.virtualHost(id);
  const former = await stage.deployed(host, id, served, 500);
  const current = await stage.deployed(host, id, served, 401);
  const back = async () => {
    await run(sql`UPDATE viw.deployments SET is_current = false WHERE id = ${current}`);
    await run(sql`UPDATE viw.deployments SET is_current = true WHERE id = ${former}`);
  };
  // So that there is a certificate to be read.
  const other = await certificate();
  await stage.deployed(await stage.virtualHost(null), other, (await version(other, 800, -401)).id, 500);
  await stage.retired(other, 401);
  await stage.retired(id, 0);
  const deployments = () => stage.retention().deployments(old);
  await sweptMeanwhile(deployments, back);
  expect(await existing('deployments', [former, current])).toEqual([former, current].toSorted());
});

test('a retired certificate stays when a virtual host is to serve it', async () => {
  const id = await certificate();
  await stage.retired(id, 401);
  const host = await stage.virtualHost(null);
  // Past the trigger that refuses it: what is not to happen must not lose more.
  const assigned = () =>
    stage
      .owner()
      .transaction()
      .execute(async (trx) => {
        await sql`SET LOCAL session_replication_role = replica`.execute(trx);
        await sql`UPDATE viw.virtual_hosts SET certificate_id = ${id} WHERE id = ${host}`.execute(trx);
      });
  const retired = () => stage.retention().retired(old);
  expect(await sweptMeanwhile(retired, assigned)).toBe(0);
  expect(await existing('certificates', [id])).toEqual([id]);
});

test('a version of which a look at a server is being stored stays, and keeps no other one', async () => {
  const id = await certificate();
  const [looked, ended] = [await version(id, 800, -401), await version(id, 800, -401)];
  await version(id, 1, 90);
  await Promise.all([looked, ended].map((each) => withoutKey(each.id)));
  const host = await stage.virtualHost(null);
  const sweeping = await stage
    .owner()
    .transaction()
    .execute(async (trx) => {
      await sql`INSERT INTO viw.served_checks (virtual_host_id, version_id, outcome)
        VALUES (${host}, ${looked.id}, 'served')`.execute(trx);
      const swept = stage.retention().versions(old);
      let done = false;
      void swept.catch(() => undefined).then(() => (done = true));
      await eventually(async () => {
        const { rows } = await sql`SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(stage.owner());
        expect(done || rows.length > 0).toBe(true);
      });
      return [swept];
    });
  expect(await sweeping[0]).toBe(1);
  expect(await existing('certificate_versions', [looked.id, ended.id])).toEqual([looked.id]);
});

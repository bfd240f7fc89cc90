import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { OperationRepository, OutboxRepository } from '../src/index';
import { certificateHistoryStage } from './certificate-history-stage';
import { inSeconds } from './fixture';
import { issued_by } from './renewal-stage';

const stage = certificateHistoryStage();
const { version, operation, existing } = stage;
const old = { keepDays: 400, limit: 100 };
const OPERATIONS = 'certificate_operations';

test('old operations go with their steps; the last one, young and open ones and makers of versions stay', async () => {
  const id = await stage.certificate();
  const gone = await operation(id, 401);
  await stage.run(sql`INSERT INTO viw.certificate_operation_steps (operation_id, step, status, at)
    VALUES (${gone}, 'order', 'done', now())`);
  const young = await operation(id, 399);
  const made = await version(id, 401, 30);
  const open = (await stage.claimed(id, 'deploy')).operation_id;
  const alone = await stage.certificate();
  const last = await operation(alone, 401);
  expect(await stage.retention().operations(old)).toBe(1);
  expect(await existing(OPERATIONS, [gone, young, made.operation, open, last])).toEqual(
    [young, made.operation, open, last].toSorted(),
  );
  const { rows } =
    await sql`SELECT 1 FROM viw.certificate_operation_steps WHERE operation_id = ${gone}`.execute(
      stage.owner(),
    );
  expect(rows).toEqual([]);
  expect(await stage.work.claim(gone, 'worker', 60)).toEqual({ outcome: 'finished' });
});

test('what a next attempt goes on with stays', async () => {
  const id = await stage.certificate();
  const { operation_id } = await stage.failed(id, 'issue', inSeconds(3_600));
  await stage.ended(operation_id, 401);
  await stage.run(sql`INSERT INTO viw.certificate_operations
      (id, certificate_id, kind, status, issued_by_kind, issued_by_id, issued_by_name, finished_at)
    VALUES (${uuidv7()}, ${id}, 'check', 'succeeded', 'system', 'test', 'test', now())`);
  expect(await stage.retention().operations(old)).toBe(0);
  expect(await existing(OPERATIONS, [operation_id])).toEqual([operation_id]);
});

test('the operations of a batch stay while one of it is open: its canary is asked for', async () => {
  const batch = uuidv7();
  const ordered = [];
  for (const position of [0, 1]) {
    const id = await stage.certificate();
    const of = { certificate_id: id, kind: 'deploy' as const, issued_by, batch: { id: batch, position } };
    ordered.push({ id, operation: await new OperationRepository(stage.backend.deps).create(of) });
  }
  const [canary, rest] = ordered as [(typeof ordered)[0], (typeof ordered)[0]];
  const { fencing } = await stage.claimed(canary.id, 'deploy', canary.operation);
  await stage.work.finish(canary.operation, fencing, 'succeeded');
  await stage.ended(canary.operation, 401);
  await operation(canary.id, 0);
  expect(await stage.retention().operations(old)).toBe(0);
  const claim = await stage.claimed(rest.id, 'deploy', rest.operation);
  await stage.work.finish(rest.operation, claim.fencing, 'succeeded');
  expect(await stage.retention().operations(old)).toBe(1);
  expect(await existing(OPERATIONS, [canary.operation, rest.operation])).toEqual([rest.operation]);
});

test('versions and former deployments go by age; what is served or current stays, and shows', async () => {
  const id = await stage.certificate();
  const [ended, served, young, current] = [
    await version(id, 800, -401),
    await version(id, 700, -401),
    await version(id, 500, -399),
    await version(id, 500, -401),
  ];
  await stage.run(sql`UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now()
    WHERE certificate_id = ${id}`);
  const [host, still] = [await stage.virtualHost(id), await stage.virtualHost(id)];
  const former = await stage.deployed(host, id, ended.id, 500);
  const lately = await stage.deployed(host, id, young.id, 401);
  const now = await stage.deployed(host, id, current.id, 399);
  const stays = await stage.deployed(still, id, served.id, 401);
  expect(await stage.retention().versions(old)).toBe(0);
  expect(await stage.retention().deployments(old)).toBe(1);
  expect(await existing('deployments', [former, lately, now, stays])).toEqual([lately, now, stays]);
  expect(await stage.retention().versions(old)).toBe(1);
  const versions = [ended, served, young, current].map((one) => one.id);
  expect(await existing('certificate_versions', versions)).toEqual(versions.slice(1));
  expect(await stage.retention().operations(old)).toBe(1);
  const shown = await stage.get(id);
  expect(shown.current_version?.id).toBe(current.id);
  expect(shown.used_by.map((use) => use.deployed_version_id).toSorted()).toEqual(
    [current.id, served.id].toSorted(),
  );
  expect(shown.last_operation_id).toBe(current.operation);
  expect(await stage.schedule.unplanned(10)).toMatchObject([{ version_id: current.id }]);
});

test('a cert-worker cannot say when something was proved or replaced: what was served until today stays', async () => {
  const id = await stage.certificate();
  const served = await version(id, 500, 30);
  const host = await stage.virtualHost(id);
  const deployment = await stage.deployed(host, id, served.id, 500);
  const { db } = stage.worker.deps;
  for (const column of ['proved_at', 'stored_at'])
    await expect(
      sql`UPDATE viw.deployments SET ${sql.id(column)} = '2000-01-01T00:00:00Z'`.execute(db),
    ).rejects.toMatchObject({ code: '42501' });
  await sql`UPDATE viw.deployments SET is_current = false WHERE id = ${deployment}`.execute(db);
  expect(await stage.retention().deployments(old)).toBe(0);
  expect(await existing('deployments', [deployment])).toEqual([deployment]);
});

test('the current version stays though it is served nowhere and nothing plans its renewal', async () => {
  const id = await stage.certificate();
  const { id: current } = await version(id, 800, -401);
  await stage.run(sql`UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now()
    WHERE id = ${current}`);
  expect(await stage.retention().versions(old)).toBe(0);
  expect((await stage.get(id)).current_version?.id).toBe(current);
});

test('a certificate retired long ago goes with all that is left of it; one retired lately stays whole', async () => {
  const make = async (retiredDaysAgo: number) => {
    const id = await stage.certificate();
    const one = await version(id, 800, -500);
    const host = await stage.virtualHost(null);
    const deployment = await stage.deployed(host, id, one.id, 790);
    await stage.run(sql`UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now()
      WHERE certificate_id = ${id}`);
    await stage.retired(id, retiredDaysAgo);
    return { id, ...{ version: one, host, deployment } };
  };
  const [gone, kept] = [await make(401), await make(399)];
  const retention = stage.retention();
  expect(await retention.retired(old)).toBe(0);
  expect([
    await retention.deployments(old),
    await retention.versions(old),
    await retention.operations(old),
    await retention.retired(old),
  ]).toEqual([1, 1, 1, 1]);
  expect(await existing('certificates', [gone.id, kept.id])).toEqual([kept.id]);
  expect(await existing('certificate_versions', [gone.version.id, kept.version.id])).toEqual([
    kept.version.id,
  ]);
  expect(await existing('virtual_hosts', [gone.host])).toEqual([gone.host]);
  // A request that comes again from the stream, or from the outbox, finds nothing to do.
  expect(await stage.work.claim(gone.version.operation, 'worker', 60)).toEqual({ outcome: 'finished' });
  expect(await new OperationRepository(stage.backend.deps).list(gone.id)).toEqual({
    items: [],
    next_cursor: null,
  });
  expect(await new OutboxRepository({ db: stage.owner() }).countUnpublished()).toBeGreaterThan(0);
});

test('the oldest first, so many at once; two callers delete each once, and wait for nobody', async () => {
  const id = await stage.certificate();
  const ids = [await operation(id, 402), await operation(id, 500), await operation(id, 450)];
  await operation(id, 0);
  expect(await stage.retention().operations({ ...old, limit: 1 })).toBe(1);
  expect(await existing(OPERATIONS, ids)).toEqual([ids[0], ids[2]].toSorted());
  await stage
    .owner()
    .transaction()
    .execute(async (trx) => {
      // As a claim holds it.
      await sql`SELECT 1 FROM viw.certificates WHERE id = ${id} FOR UPDATE`.execute(trx);
      expect(await stage.retention().operations(old)).toBe(0);
    });
  const both = await Promise.all([stage.retention().operations(old), stage.retention().operations(old)]);
  const rest = await stage.retention().operations(old);
  expect(both[0] + both[1] + rest).toBe(2);
});

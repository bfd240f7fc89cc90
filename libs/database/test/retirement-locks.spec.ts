import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { CertificateRepository, DeploymentRepository } from '../src/index';
import { certificateHistoryStage } from './certificate-history-stage';

/** A worker that is in the middle of a transaction when its certificate is retired. Each case is a deadlock by the other order of locks. */
const stage = certificateHistoryStage();

/** Resolves when so many sessions of this database wait for a lock. */
const waiting = (n: number) =>
  eventually(async () => {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(stage.owner());
    expect(rows[0]?.n).toBe(n);
  });

/** Begins the work, which stops at a table that is locked, then the retirement of the certificate; then lets both go on. */
async function meet(table: string, certificateId: string, work: () => Promise<unknown>) {
  return stage
    .owner()
    .transaction()
    .execute(async (trx) => {
      await sql`LOCK TABLE viw.${sql.id(table)} IN EXCLUSIVE MODE`.execute(trx);
      const worked = work();
      await waiting(1);
      const retired = new CertificateRepository(stage.backend.deps).retire(certificateId);
      await waiting(2);
      return [worked, retired] as const;
    });
}

test('an operation that fails while its certificate is retired has failed, and the certificate is retired', async () => {
  const id = await stage.certificate();
  const { operation_id, fencing } = await stage.claimed(id, 'issue');
  const failed = { code: 'ACME_REFUSED', msg: 'nobody answers', next: stage.next(null) };
  const both = await meet('audit_log', id, () => stage.work.finish(operation_id, fencing, 'failed', failed));
  expect(await Promise.all(both)).toEqual([undefined, 'retired']);
  const { rows } =
    await sql`SELECT error_code FROM viw.certificate_operations WHERE id = ${operation_id}`.execute(
      stage.owner(),
    );
  expect(rows).toEqual([{ error_code: 'ACME_REFUSED' }]);
});

test('a deployment that is proved while its certificate is retired is recorded, and the certificate is retired', async () => {
  const id = await stage.certificate();
  const operation = await stage.claimed(id, 'issue');
  const { operation_id, fencing } = operation;
  const version_id = await stage.stored(operation);
  const virtual_host_id = await stage.virtualHost(null);
  const proved = {
    ...{ virtual_host_id, certificate_id: id, version_id, operation_id },
    proved_at: new Date().toISOString(),
  };
  const deployments = new DeploymentRepository(stage.worker.deps);
  const both = await meet('deployments', id, () => deployments.recordProved(fencing, proved));
  expect(await Promise.all(both)).toEqual([undefined, 'retired']);
  expect((await deployments.current(virtual_host_id))?.version_id).toBe(version_id);
});

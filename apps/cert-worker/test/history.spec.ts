import { CertificateRepository, OperationRepository, createDatabase, migrate } from '@viw/database';
import type { Db } from '@viw/database';
import { createLogger, createMetrics, uuidv7 } from '@viw/runtime';
import { eventually, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { certificateHistory, historyDaysOf } from '../src/certificate-history';
import { configSource } from '../src/config';
import { workerAccount } from './worker-account';

let owner: Db;
let worker: Db;
let databaseUrl: string;
beforeAll(async () => {
  const { url } = await uniqueDatabase();
  owner = createDatabase({ url, applicationName: 'test', max: 2 });
  await migrate(owner);
  databaseUrl = await workerAccount(owner, url);
  worker = createDatabase({ url: databaseUrl, applicationName: 'test', max: 4 });
});
afterAll(async () => {
  await worker?.destroy();
  await owner?.destroy();
});

const issued_by = { kind: 'administrator', id: '1', name: 'admin@example.org' };

/** Retired so many days ago, after one operation that made one version, which has ended since. */
async function retired(days: number): Promise<string> {
  const certificate_id = await new CertificateRepository({ db: owner }).create({
    ...{ names: ['www.example.org'], issuer: 'acme', challenge: 'http-01', key_type: 'ec-p256' },
    created_by: 'admin',
  });
  const then = sql`now() - make_interval(days => ${days})`;
  const operation = await new OperationRepository({ db: owner }).create({
    ...{ certificate_id, kind: 'issue', issued_by },
  });
  const version = uuidv7();
  await sql`UPDATE viw.certificate_operations SET status = 'succeeded', finished_at = ${then}
    WHERE id = ${operation}`.execute(owner);
  await sql`INSERT INTO viw.certificate_versions (id, certificate_id, operation_id, cert_pem, chain_pem, private_key_sealed,
      serial, fingerprint_sha256, issuer, names, not_before, not_after, created_at)
    VALUES (${version}, ${certificate_id}, ${operation}, '', '', '{}', '01', ${version}, 'CA', '{}', ${then}, ${then},
      ${then})`.execute(owner);
  await sql`UPDATE viw.certificates SET current_version_id = ${version}, deleted_at = ${then}
    WHERE id = ${certificate_id}`.execute(owner);
  return certificate_id;
}

test('by default 400 days of history and 90 of keys, and never less than what is needed', () => {
  expect(historyDaysOf(configSource.schema.parse({}))).toEqual({ historyDays: 400, keyDays: 90 });
  for (const refused of [
    { CERT_WORKER_HISTORY_RETENTION_DAYS: '89' },
    { CERT_WORKER_KEY_RETENTION_DAYS: '0' },
  ])
    expect(configSource.schema.safeParse(refused).success).toBe(false);
});

test('two workers: what is old goes in one turn, from key to certificate, and is counted once', async () => {
  const [gone, kept] = [await retired(401), await retired(399)];
  const replicas = [1, 2].map(() => {
    const metrics = createMetrics('cert-worker');
    const logger = createLogger({ service: 'test', level: 'fatal' });
    const days = { historyDays: 400, keyDays: 90 };
    return {
      metrics,
      component: certificateHistory({ databaseUrl, ...days }, { db: worker, metrics, logger }),
    };
  });
  for (const { component } of replicas) await component.start();
  const certificates = new CertificateRepository({ db: owner });
  await eventually(async () => expect(await certificates.find(gone)).toBeUndefined());
  for (const { component } of replicas) await component.stop();
  expect(await certificates.find(kept)).toMatchObject({
    current_version: { key_destroyed_at: expect.any(String) as string },
    last_operation_id: expect.any(String) as string,
  });
  const text = (await Promise.all(replicas.map(({ metrics }) => metrics.metrics()))).join('\n');
  const counted = [...text.matchAll(/^viw_history_deleted_total\{what="(\w+)".*\} (\d+)$/gm)].map(
    ([, what, n]) => `${what} ${n}`,
  );
  expect(counted).toEqual([
    'certificate_keys 2',
    'certificate_versions 1',
    'certificate_operations 1',
    'certificates 1',
  ]);
});

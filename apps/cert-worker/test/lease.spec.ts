import {
  CertificateRepository,
  LockSessions,
  OperationRepository,
  createDatabase,
  migrate,
} from '@viw/database';
import type { Db } from '@viw/database';
import { createLogger, createMetrics } from '@viw/runtime';
import { eventually, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { withDirectoryLock } from '../src/deploy/directory-lock';
import { OperationRunner } from '../src/operation/operation-runner';
import type { Performance } from '../src/operation/operation-runner';
import { repositoriesOf } from '../src/repositories';
import { WorkerMetrics } from '../src/worker-metrics';

let url: string;
let db: Db;
let locks: LockSessions;
beforeAll(async () => {
  ({ url } = await uniqueDatabase());
  db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
  locks = new LockSessions({ url, applicationName: 'test-lock' });
});
afterAll(async () => {
  locks.stop();
  await db.destroy();
});

const logger = createLogger({ service: 'test', level: 'silent' });

/** Renewed three times as often: long enough for a busy machine to do so. */
const LEASE_SECONDS = 9;

function runner(perform: Performance) {
  return new OperationRunner(
    { consumer: 'worker', leaseSeconds: LEASE_SECONDS },
    {
      ...repositoriesOf(db),
      perform,
      journal: {
        producer: { publish: () => Promise.resolve('0-0') },
        changes: { announce: () => undefined },
      },
      metrics: new WorkerMetrics(createMetrics('test')),
      logger,
    },
  );
}

async function operation() {
  const certificate_id = await new CertificateRepository({ db }).create({
    names: ['www.example.org'],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  const issued_by = { kind: 'system', id: 'test', name: 'test' };
  const id = await new OperationRepository({ db }).create({ certificate_id, kind: 'issue', issued_by });
  return { id, certificate_id };
}

/** Its end, milliseconds since the Unix epoch. */
async function leaseOf(id: string): Promise<number> {
  const { rows } = await sql<{ until: string }>`
    SELECT lease_until AS until FROM viw.certificate_operations WHERE id = ${id}`.execute(db);
  return Date.parse(rows[0]?.until ?? '');
}

const never = new AbortController().signal;
const untilAborted: Performance = (_work, _journal, signal) =>
  new Promise((_resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is the error
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('the lease is kept while the work goes on, so that another worker waits', async () => {
  const { id } = await operation();
  let finish: (() => void) | undefined;
  const working = runner(() => new Promise((resolve) => (finish = resolve))).run(id, { signal: never });
  await eventually(() => expect(finish).toBeDefined());
  const other = runner(() => Promise.reject(new Error('must not begin')));
  const first = await leaseOf(id);
  await eventually(async () => {
    expect(await other.run(id, { signal: never })).toHaveProperty('retryAfterMs');
    expect(await leaseOf(id)).toBeGreaterThan(first);
  });
  finish?.();
  expect(await working).toBe('ended');
  expect(await other.run(id, { signal: never })).toBe('ended');
});

test('whoever was fenced off stops, and neither ends the operation nor releases it', async () => {
  const { id, certificate_id } = await operation();
  const working = runner(untilAborted).run(id, { signal: never });
  await eventually(async () => {
    const { rows } = await sql<{ fencing: number }>`
      UPDATE viw.certificate_operations SET fencing = fencing + 1, lease_owner = 'other'
      WHERE id = ${id} AND status = 'running' RETURNING fencing`.execute(db);
    expect(rows).toHaveLength(1);
  });
  await sql`UPDATE viw.certificates SET fencing = fencing + 1 WHERE id = ${certificate_id}`.execute(db);
  await expect(working).rejects.toMatchObject({ code: 'CONFLICT' });
  const { rows } =
    await sql`SELECT status, lease_owner FROM viw.certificate_operations WHERE id = ${id}`.execute(db);
  expect(rows).toEqual([{ status: 'running', lease_owner: 'other' }]);
});

test('a stop gives the operation back at once; a failure of ours that passes does, too', async () => {
  const { id } = await operation();
  const stop = new AbortController();
  const stopped = runner(untilAborted).run(id, { signal: stop.signal });
  await eventually(async () => {
    expect((await new OperationRepository({ db }).get(id))?.status).toBe('running');
  });
  stop.abort(Object.assign(new Error('stopped'), { code: 'ECONNRESET' }));
  await expect(stopped).rejects.toThrow('stopped');
  const outage = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  await expect(runner(() => Promise.reject(outage)).run(id, { signal: never })).rejects.toBe(outage);
  expect(await runner(async () => undefined).run(id, { signal: never })).toBe('ended');
  expect(await new OperationRepository({ db }).get(id)).toMatchObject({ status: 'succeeded' });
});

test('one deployment at a time to one directory, also from two operations', async () => {
  const directory = { host: '10.0.0.1', port: 22, path: '/etc/viw/www' };
  const log: string[] = [];
  let release: (() => void) | undefined;
  const first = withDirectoryLock({ locks }, directory, never, async () => {
    log.push('first in');
    await new Promise<void>((resolve) => (release = resolve));
    log.push('first out');
  });
  await eventually(() => expect(release).toBeDefined());
  const second = withDirectoryLock({ locks }, directory, never, async () => {
    log.push('second in');
    return 'done';
  });
  await withDirectoryLock({ locks }, { ...directory, path: '/etc/viw/other' }, never, async () => {
    log.push('other');
  });
  release?.();
  expect(await second).toBe('done');
  await first;
  expect(log).toEqual(['first in', 'other', 'first out', 'second in']);
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, startProgram } from '@viw/testing';
import { build } from 'esbuild';
import { sql } from 'kysely';
import { isRetryableDatabaseError, withAdvisoryLock } from '../src/index';
import { createDatabase } from '../src/connection';
import { type Fixture, fixture } from './fixture';

// Beside the sources, so that what is not bundled is found.
const folder = join(__dirname, '..', 'dist', `test-${process.pid}`);
const bundle = join(folder, 'lock-holder.js');
const key = 995_001;

let f: Fixture;
beforeAll(async () => {
  await build({
    entryPoints: [join(__dirname, 'lock-holder.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'silent',
  });
  f = await fixture({ migrated: false });
});
afterAll(async () => {
  await f.close();
  await rm(folder, { recursive: true, force: true });
});

test('SIGSTOP: somebody else gets the lock, and whoever wakes up is told that it is lost', async () => {
  const holder = await startProgram({
    name: 'holder',
    argv: [process.execPath, bundle, f.url, String(key), '2000'],
  });
  try {
    await eventually(() => expect(holder.output()).toContain('held'));
    holder.signal('SIGSTOP');
    await eventually(async () =>
      expect(
        await withAdvisoryLock({ url: f.url, key, applicationName: 'next' }, () => Promise.resolve()),
      ).toBe(true),
    );
    holder.signal('SIGCONT');
    await eventually(() => expect(holder.output()).toContain('lost'));
    expect((await holder.exited).code).toBe(0);
  } finally {
    holder.signal('SIGCONT');
    await holder.stop();
  }
}, 60_000);

test('a holder says something now and then, which keeps its lock', async () => {
  const here = { url: f.url, key: key + 1, applicationName: 'says-something', silenceMs: 6_000 };
  await withAdvisoryLock(here, async () => {
    await eventually(async () => {
      const { rows } = await sql`SELECT 1 FROM pg_stat_activity
        WHERE application_name = 'says-something' AND datname = current_database() AND query = 'SELECT 1'`.execute(
        f.db,
      );
      expect(rows).toHaveLength(1);
    });
  });
});

test('a transaction that nobody goes on with holds nothing up, and fails retryably', async () => {
  const stalled = createDatabase({ url: f.url, applicationName: 'test', idleInTransactionMs: 1_000 });
  try {
    // Again if it has stood still before it held anything.
    const error = await eventually(async () => {
      let held = false;
      const reason: unknown = await stalled
        .transaction()
        .execute(async (trx) => {
          await sql`SELECT pg_advisory_xact_lock(${key})`.execute(trx);
          held = true;
          // Waits for as long as it has to.
          await sql`SELECT pg_advisory_lock(${key}), pg_advisory_unlock(${key})`.execute(f.db);
          await sql`SELECT 1`.execute(trx);
        })
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(held).toBe(true);
      return reason;
    });
    expect(error).toBeDefined();
    expect(isRetryableDatabaseError(error)).toBe(true);
  } finally {
    await stalled.destroy();
  }
});

test.each(['25P03', '25P04'])('what Postgres says of it, %s, is retryable', (code) => {
  expect(isRetryableDatabaseError(Object.assign(new Error('terminating connection'), { code }))).toBe(true);
});

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateVersionRepository } from '@viw/database';
import type { Operation } from '@viw/contracts';
import { eventually, freePort, startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { build } from 'esbuild';
import { sql } from 'kysely';
import { startRig, stepLines, type Rig } from './rig';

// Beside the sources, so that what is not bundled is found.
const folder = join(__dirname, '..', 'dist', `test-${process.pid}`);
const bundle = join(folder, 'main.js');
const sites = [
  'ordered.example',
  'stored.example',
  'left.example',
  'outage.example',
  'frozen.example',
] as const;

let rig: Rig;
const programs: Program[] = [];
beforeAll(async () => {
  await build({
    entryPoints: [join(__dirname, '..', 'src', 'main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['ssh2', 'pg-native'],
    logLevel: 'silent',
  });
  rig = await startRig(sites);
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
});
afterAll(async () => {
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The built program, with its key in a file as in production. */
async function launch(more: Record<string, string> = {}): Promise<Program> {
  const { CERT_WORKER_ENCRYPTION_KEY: key = '', ...env } = rig.environment(more);
  const keyFile = join(folder, `key-${randomBytes(4).toString('hex')}.json`);
  await writeFile(keyFile, key, { mode: 0o600 });
  const opsPort = await freePort();
  const program = await startProgram({
    name: 'cert-worker',
    argv: [process.execPath, bundle],
    env: {
      ...env,
      CERT_WORKER_ENCRYPTION_KEY_FILE: keyFile,
      // Whoever goes on waits for it.
      CERT_WORKER_LEASE_S: '5',
      CERT_WORKER_OPS_BIND: `127.0.0.1:${opsPort}`,
    },
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  });
  programs.push(program);
  return program;
}

async function order(site: (typeof sites)[number]) {
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site], [host.id]);
  return { id, operation: await rig.request(id, 'issue') };
}

/** Pebble validates from so many places at once, and all of them have to succeed. */
const PEBBLE_VALIDATIONS = 3;

/** All of them are answered and held back: whatever becomes of the worker from here on, its challenge succeeds. */
const validationHeld = () => eventually(() => expect(rig.gate.waiting).toBe(PEBBLE_VALIDATIONS));

const orderUrls = ({ steps }: Operation): Set<string> =>
  new Set(
    steps.flatMap(({ step, detail }) => (step === 'order' && detail ? [detail.replace(/ .*/, '')] : [])),
  );

async function expectOneVersionServed(site: string, id: string, operation: Operation): Promise<void> {
  expect(operation).toMatchObject({ status: 'succeeded', error: null });
  const { items } = await new CertificateVersionRepository({ db: rig.db }).list(id);
  expect(items).toHaveLength(1);
  expect(await rig.served(site)).toBe(items[0]?.fingerprint_sha256);
  expect(orderUrls(operation).size).toBe(1);
  expect(operation.steps.some(({ detail }) => detail?.endsWith('(resumed)'))).toBe(true);
}

test('SIGKILL while a challenge is validated: the same worker resumes the same order', async () => {
  const first = await launch();
  rig.gate.close();
  const { id, operation } = await order('ordered.example');
  await validationHeld();
  await eventually(async () =>
    expect((await rig.events(operation)).at(-1)).toMatchObject({
      step: 'challenge ordered.example',
      status: 'started',
    }),
  );
  await first.kill();
  rig.gate.open();
  await launch();
  await expectOneVersionServed('ordered.example', id, await rig.ended(operation));
});

test('SIGKILL when the certificate is there and not yet stored: its key was, so it is not lost', async () => {
  const first = await launch();
  const { id, operation } = await rig.db.transaction().execute(async (trx) => {
    await sql`LOCK TABLE viw.certificate_versions IN SHARE MODE`.execute(trx);
    const ordered = await order('stored.example');
    await eventually(async () => {
      const { rows } = await sql`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%certificate_versions%'`.execute(
        rig.db,
      );
      expect(rows).toHaveLength(1);
    });
    await first.kill();
    // Postgres would notice that nobody is there only after it had stored it.
    await sql`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%certificate_versions%'`.execute(
      rig.db,
    );
    return ordered;
  });
  await launch();
  const ended = await rig.ended(operation);
  await expectOneVersionServed('stored.example', id, ended);
  // Nothing was validated or made anew: the order was complete.
  expect(stepLines(ended).filter((line) => line.startsWith('challenge'))).toHaveLength(1);
});

test('SIGSTOP in the middle of a transaction: what it has locked is free again, and another worker goes on', async () => {
  const frozen = await launch({ CERT_WORKER_CONSUMER: 'stands-still', CERT_WORKER_LEASE_S: '3' });
  const { id, operation } = await order('frozen.example');
  await rig.ended(operation);
  const again = await rig.db.transaction().execute(async (trx) => {
    // Its claim has locked the certificate by then, and waits for the line in the log.
    await sql`LOCK TABLE viw.audit_log IN SHARE MODE`.execute(trx);
    const asked = await rig.request(id, 'deploy');
    await eventually(async () => {
      const { rows } = await sql`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_log%'`.execute(
        rig.db,
      );
      // Others may have a line to write as well.
      expect(rows).not.toEqual([]);
      const free = await sql`SELECT 1 FROM viw.certificates WHERE id = ${id} FOR UPDATE SKIP LOCKED`.execute(
        rig.db,
      );
      expect(free.rows).toEqual([]);
    });
    frozen.signal('SIGSTOP');
    return asked;
  });
  try {
    const other = await rig.startWorker({
      CERT_WORKER_CONSUMER: 'overtakes',
      CERT_WORKER_LEASE_S: '3',
      CERT_WORKER_HTTP01_BIND: '127.0.0.1:0',
    });
    try {
      expect(await rig.ended(again, 40_000)).toMatchObject({ status: 'succeeded' });
    } finally {
      await other.stop();
    }
  } finally {
    frozen.signal('SIGCONT');
  }
  // Nothing of its claim has been stored, and it is as good a worker as before.
  await eventually(() => expect(frozen.output()).toContain('"event":"operation_put_off"'));
  const { rows } = await sql`SELECT attempts FROM viw.certificate_operations WHERE id = ${again}`.execute(
    rig.db,
  );
  expect(rows).toEqual([{ attempts: 1 }]);
  expect((await rig.ended(await rig.request(id, 'deploy'))).status).toBe('succeeded');
}, 90_000);

test('SIGTERM: leaves at once, gives the lease back, and another worker goes on', async () => {
  const first = await launch({ CERT_WORKER_CONSUMER: 'leaves' });
  rig.gate.close();
  const { id, operation } = await order('left.example');
  await validationHeld();
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  const { rows } = await sql<{ status: string; lease_until: string | null }>`
    SELECT status, lease_until FROM viw.certificate_operations WHERE id = ${operation}`.execute(rig.db);
  expect(rows).toEqual([{ status: 'running', lease_until: null }]);
  rig.gate.open();
  await launch({ CERT_WORKER_CONSUMER: 'goes-on' });
  await expectOneVersionServed('left.example', id, await rig.ended(operation));
});

test('Redis away in the middle: the operation ends all the same, and its request is acknowledged later', async () => {
  const worker = await launch();
  rig.gate.close();
  const { id, operation } = await order('outage.example');
  await validationHeld();
  await rig.redisServer.kill();
  rig.gate.open();
  const ended = await rig.ended(operation);
  expect(ended.status).toBe('succeeded');
  await rig.redisServer.restart();
  // It still takes requests.
  const again = await eventually(() => rig.request(id, 'renew'), { what: 'Redis' });
  expect((await rig.ended(again)).status).toBe('succeeded');
  expect(worker.running).toBe(true);
});

test('disabled: says so and exits 0', async () => {
  const program = await startProgram({ name: 'cert-worker', argv: [process.execPath, bundle] });
  expect((await program.exited).code).toBe(0);
  expect(program.output()).toContain('"event":"disabled"');
});

test('a configuration that lacks something: every missing name in one line, exit 1', async () => {
  const program = await startProgram({
    name: 'cert-worker',
    argv: [process.execPath, bundle],
    env: { CERT_WORKER_ENABLED: 'true', CERT_WORKER_REDIS_URL: 'redis://127.0.0.1:1' },
  });
  expect((await program.exited).code).toBe(1);
  expect(program.output()).toMatch(/CERT_WORKER_DATABASE_URL, CERT_WORKER_ENCRYPTION_KEY/);
});

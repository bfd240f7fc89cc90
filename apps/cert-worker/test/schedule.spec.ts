import { certAlertsStream, streams } from '@viw/contracts';
import type { Certificate } from '@viw/contracts';
import { OperationRepository, CertificateVersionRepository } from '@viw/database';
import {
  eventually,
  rateLimit,
  renewalWindows,
  serverErrors,
  startFaultProxy,
  type AcmeFault,
  type FaultProxy,
} from '@viw/testing';
import { decodeEntry } from '@viw/streams';
import { sql } from 'kysely';
import { startOutboxRelay } from './outbox-relay';
import { startRig, type Rig } from './rig';

let rig: Rig;
let proxy: FaultProxy;
let stopRelay: () => Promise<void>;
const second = { CERT_WORKER_CONSUMER: 'worker-2', CERT_WORKER_HTTP01_BIND: '127.0.0.1:0' };
const workers: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  rig = await startRig(['renewed.example']);
  proxy = await startFaultProxy(rig.pebble);
  stopRelay = startOutboxRelay(rig.db, rig.producer);
  // Two, so that whatever is begun twice would show. Validations arrive at the first, whoever orders.
  for (const more of [{ CERT_WORKER_CONSUMER: 'worker-1' }, second])
    workers.push(
      await rig.startWorker({
        ...more,
        CERT_WORKER_ACME_DIRECTORY_URL: proxy.directoryUrl,
        CERT_WORKER_ACME_CA: proxy.caCertPem,
        CERT_WORKER_SCHEDULE_EVERY_MS: '100',
      }),
    );
}, 60_000);
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await stopRelay();
  await proxy.stop();
  await rig.stop();
}, 60_000);

/** The CA makes suggestions, but knows no certificate unless a test says so. */
let windowOf: Parameters<typeof renewalWindows>[0];
const windows = renewalWindows((certificateId) => windowOf(certificateId));
const alsoUse = (...faults: AcmeFault[]) => proxy.use(...faults, windows);
beforeEach(() => {
  windowOf = () => undefined;
  alsoUse();
});

const operationsOf = async (id: string) => (await new OperationRepository({ db: rig.db }).list(id)).items;
const versionsOf = async (id: string) =>
  (await new CertificateVersionRepository({ db: rig.db }).list(id)).items;
const ordersOf = (name: string) =>
  proxy.requests.filter(({ payload }) => JSON.stringify(payload?.['identifiers'] ?? '').includes(name));

const when = (id: string, condition: (certificate: Certificate) => void, what: string) =>
  eventually(
    async () => {
      const certificate = await rig.certificateOf(id);
      condition(certificate);
      return certificate;
    },
    { timeoutMs: 30_000, what },
  );
const planned = (id: string) =>
  when(id, ({ renewal }) => expect(renewal.due_at).not.toBeNull(), 'a plan of the current version');
const failing = (id: string, attempts = 1) =>
  when(id, ({ renewal }) => expect(renewal.failure?.attempts).toBe(attempts), 'the failure');
const setRetryNow = (id: string) =>
  sql`UPDATE viw.certificate_failures SET retry_at = now() WHERE certificate_id = ${id}`.execute(rig.db);

test('what is due by its plan is renewed, deployed and planned anew, once and by itself', async () => {
  const site = 'renewed.example';
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site], [host.id]);
  await rig.ended(await rig.request(id, 'issue'));
  const { renewal, current_version: first } = await planned(id);
  expect(renewal).toMatchObject({ reason: 'lifetime', suggestion: null, failure: null });
  const daysLeft = (Date.parse(first!.not_after) - Date.parse(renewal.due_at!)) / 86_400_000;
  expect(daysLeft).toBeGreaterThanOrEqual(30);
  expect(daysLeft).toBeLessThanOrEqual(34.5);

  await sql`UPDATE viw.renewal_plans SET due_at = now() WHERE certificate_id = ${id}`.execute(rig.db);
  const { current_version: second } = await when(
    id,
    ({ current_version, used_by }) => {
      expect(current_version?.id).not.toBe(first?.id);
      expect(used_by).toMatchObject([{ deployed_version_id: current_version?.id }]);
    },
    'the renewal',
  );
  expect(await rig.served(site)).toBe(second?.fingerprint_sha256);
  await planned(id);
  await eventually(async () =>
    expect((await operationsOf(id)).map(({ kind, status, issued_by }) => [kind, status, issued_by])).toEqual([
      ['renew', 'succeeded', 'renewal'],
      ['issue', 'succeeded', 'test'],
    ]),
  );
  const { rows } = await sql<{
    action: string;
    actor_kind: string;
  }>`SELECT action, actor_kind FROM viw.audit_log
    WHERE object_id = ${id} ORDER BY id`.execute(rig.db);
  expect(rows.map(({ action, actor_kind }) => `${action} ${actor_kind}`)).toEqual([
    ...['certificate.issue.begun system', 'certificate.issue.ended system', 'certificate.renew system'],
    ...['certificate.renew.begun system', 'certificate.renew.ended system'],
  ]);
});

test('a window of the CA that lies in the past is obeyed at once; the order says what it replaces', async () => {
  const name = 'early.example';
  let early: string | undefined;
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  windowOf = (certificateId) => {
    early ??= certificateId;
    const days = certificateId === early ? -2 : 50;
    return { start: inDays(days), end: inDays(days + 1), explanationURL: 'https://ca.example/why' };
  };
  const id = await rig.certificate([name]);
  await rig.ended(await rig.request(id, 'issue'));
  const { renewal } = await when(
    id,
    ({ renewal: now }) => {
      expect(now.reason).toBe('ari');
      expect(Date.parse(now.due_at!)).toBeGreaterThan(Date.now());
    },
    'the plan of the second version',
  );
  expect(renewal.suggestion).toMatchObject({ explanation_url: 'https://ca.example/why' });
  expect(await versionsOf(id)).toHaveLength(2);
  expect(ordersOf(name).map(({ payload }) => payload?.['replaces'])).toEqual([undefined, early]);
});

test('a CA whose windows always lie in the past is obeyed once, and why not again is said in words', async () => {
  const name = 'always.example';
  windowOf = () => ({ start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' });
  const id = await rig.certificate([name]);
  await rig.ended(await rig.request(id, 'issue'));
  const { renewal, current_version } = await when(
    id,
    ({ renewal: now }) => expect(now.note).toMatch(/viw does not obey twice in a row/),
    'the plan of the second version',
  );
  const wait = Date.parse(renewal.due_at!) - Date.parse(current_version!.created_at);
  expect(wait / 86_400_000).toBeCloseTo(4.5, 2);
  expect(await versionsOf(id)).toHaveLength(2);
});

test('a version that cannot be planned by what the CA says is planned by its life, and stops no other one', async () => {
  const names = ['odd.example', 'even.example'];
  const ids: string[] = [];
  // As the CA says it; the version that it speaks of has to make a plan nobody can store.
  await sql`CREATE FUNCTION viw.refuse_odd_plans() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.suggested_start IS NOT NULL AND EXISTS (SELECT FROM viw.certificates c WHERE c.id = NEW.certificate_id
        AND 'odd.example' = ANY(c.names)) THEN RAISE EXCEPTION 'no' USING ERRCODE = '22008'; END IF; RETURN NEW; END $$`.execute(
    rig.db,
  );
  await sql`CREATE TRIGGER refuse_odd BEFORE INSERT OR UPDATE ON viw.renewal_plans FOR EACH ROW
    EXECUTE FUNCTION viw.refuse_odd_plans()`.execute(rig.db);
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  windowOf = () => ({ start: inDays(50), end: inDays(51) });
  for (const name of names) ids.push(await rig.certificate([name]));
  for (const id of ids) await rig.ended(await rig.request(id, 'issue'));
  expect((await planned(ids[0]!)).renewal).toMatchObject({ reason: 'lifetime', suggestion: null });
  await when(ids[1]!, ({ renewal }) => expect(renewal.reason).toBe('ari'), 'the plan of the other one');
  expect(rig.logs.some((line) => line.includes('version_not_planned') && line.includes(ids[0]!))).toBe(true);
  await sql`DROP FUNCTION viw.refuse_odd_plans CASCADE`.execute(rig.db);
});

test('a rate limit: said in words, kept to, and made up for by itself', async () => {
  const name = 'limited.example';
  alsoUse(rateLimit('86400'));
  const id = await rig.certificate([name]);
  expect((await rig.ended(await rig.request(id, 'issue'))).error?.code).toBe('ACME_RATE_LIMITED');
  const { renewal } = await failing(id);
  expect(renewal.failure).toMatchObject({
    kind: 'issue',
    code: 'ACME_RATE_LIMITED',
    problem_type: 'rateLimited',
    went_wrong: expect.stringContaining('too many new orders recently') as string,
    viw_does: 'viw waits until the CA allows another attempt, then tries again by itself.',
    you_can: null,
  });
  const wait = Date.parse(renewal.failure!.next_attempt_at!) - Date.now();
  expect(wait).toBeGreaterThan(86_300_000);
  expect(wait).toBeLessThan(86_400_000 * 1.11);
  expect(ordersOf(name)).toHaveLength(1);

  alsoUse();
  await setRetryNow(id);
  await when(id, ({ renewal: now }) => expect(now.failure).toBeNull(), 'the end of the failure');
  expect((await rig.certificateOf(id)).state).toBe('active');
});

test('a CA that fails at the download: the next attempt goes on with the same order and key', async () => {
  const name = 'download.example';
  alsoUse(serverErrors(({ path }) => path.startsWith('/certZ/')));
  const id = await rig.certificate([name]);
  await rig.ended(await rig.request(id, 'issue'));
  await failing(id);
  await setRetryNow(id);
  const { renewal } = await failing(id, 2);
  expect(renewal.failure).toMatchObject({ kind: 'issue', viw_does: 'viw tries again by itself.' });
  expect(Date.parse(renewal.failure!.next_attempt_at!) - Date.now()).toBeGreaterThan(100_000);

  alsoUse();
  await setRetryNow(id);
  await when(id, ({ state }) => expect(state).toBe('active'), 'the certificate');
  expect(ordersOf(name)).toHaveLength(1);
  expect(await versionsOf(id)).toHaveLength(1);
  await eventually(async () => {
    const keys = await sql`SELECT 1 FROM viw.certificate_order_keys`.execute(rig.db);
    expect(keys.rows).toHaveLength(0);
  });
});

test('what was issued and could not be deployed is deployed later, not issued again', async () => {
  const site = 'renewed.example';
  const host = await rig.virtualHost(site, { host_key_fingerprint: null });
  const id = await rig.certificate(['later.example'], [host.id]);
  await rig.ended(await rig.request(id, 'issue'));
  const { renewal } = await failing(id);
  expect(renewal.failure).toMatchObject({ kind: 'deploy', next_attempt_at: null, code: 'DEPLOY_REFUSED' });
  const alerts = async () => {
    const entries = await rig.redis.xrange(streams.certAlerts, '-', '+');
    const bodies = entries.map(([, fields]) => decodeEntry(certAlertsStream, fields).body);
    return bodies
      .filter(({ dedupe_key }) => dedupe_key === `renewal.failing:${id}`)
      .map(({ action, severity, title }) => [action, severity, title]);
  };
  const title = 'The certificate of later.example cannot be renewed or deployed';
  await eventually(async () => expect(await alerts()).toEqual([['raised', 'warning', title]]));
  // It comes to its end: worse, and another alert.
  await sql`UPDATE viw.certificate_versions SET not_before = now() - interval '89 days', not_after = now() + interval '1 day'
    WHERE certificate_id = ${id}`.execute(rig.db);
  await eventually(async () =>
    expect((await alerts()).map(([action, severity]) => `${action} ${severity}`)).toEqual([
      'raised warning',
      'raised critical',
    ]),
  );
  await sql`UPDATE viw.nginx_servers SET host_key_fingerprint = ${rig.sshd.hostKeyFingerprint}`.execute(
    rig.db,
  );
  await setRetryNow(id);
  await when(id, (now) => expect(now.renewal.failure).toBeNull(), 'the deployment');
  expect(await versionsOf(id)).toHaveLength(1);
  expect((await operationsOf(id)).map(({ kind }) => kind)).toEqual(['deploy', 'issue']);
  await eventually(async () => expect((await alerts()).at(-1)).toEqual(['cleared', 'info', title]));
  expect(await alerts()).toHaveLength(3);
});

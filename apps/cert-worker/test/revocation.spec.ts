import { CertificateVersionRepository, VirtualHostRepository } from '@viw/database';
import { eventually, serverErrors, startFaultProxy, type FaultProxy } from '@viw/testing';
import { sql } from 'kysely';
import { startOutboxRelay } from './outbox-relay';
import { startRig, stepLines, type Rig } from './rig';

let rig: Rig;
let proxy: FaultProxy;
let worker: { stop(): Promise<void> };
let stopRelay: () => Promise<void>;
beforeAll(async () => {
  rig = await startRig(['stolen.example', 'again.example', 'now.example']);
  proxy = await startFaultProxy(rig.pebble);
  stopRelay = startOutboxRelay(rig.db, rig.producer);
  worker = await rig.startWorker({
    CERT_WORKER_ACME_DIRECTORY_URL: proxy.directoryUrl,
    CERT_WORKER_ACME_CA: proxy.caCertPem,
    CERT_WORKER_SCHEDULE_EVERY_MS: '100',
  });
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await stopRelay();
  await proxy.stop();
  await rig.stop();
}, 60_000);
beforeEach(() => proxy.use());

const versionsOf = async (id: string) =>
  (await new CertificateVersionRepository({ db: rig.db }).list(id)).items;
const revocations = () => proxy.requests.filter(({ path }) => path === '/revoke-cert');
const revoke = (id: string, reason: string, more: object = {}) =>
  rig.request(id, 'revoke', 1, { reason, ...more });

async function served(site: string): Promise<string> {
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site], [host.id]);
  await rig.ended(await rig.request(id, 'issue'));
  return id;
}

test('a compromised key: out of use, replaced, proved to be replaced, and only then revoked', async () => {
  const site = 'stolen.example';
  const id = await served(site);
  const operation = await rig.ended(await revoke(id, 'keyCompromise'));
  expect(operation).toMatchObject({ status: 'succeeded', error: null });
  const steps = stepLines(operation);
  const order = ['quarantine done', 'order done', 'store done', 'prove done', 'revoke done'];
  expect(steps.filter((step) => order.includes(step))).toEqual(order);
  const [now, former] = await versionsOf(id);
  expect(now).toMatchObject({ revoked_at: null, quarantined_at: null });
  expect(former).toMatchObject({
    revoked_at: expect.any(String) as string,
    quarantined_at: expect.any(String) as string,
  });
  expect(await rig.served(site)).toBe(now?.fingerprint_sha256);
  expect(revocations().map(({ payload }) => payload?.['reason'])).toEqual([1]);
  expect((await rig.certificateOf(id)).state).toBe('active');
  // Nothing brings it back.
  const versions = new CertificateVersionRepository({ db: rig.db });
  expect(await versions.getDeployable(former!.id)).toBeUndefined();
});

test('a CA that fails at the revocation: tried again by itself, with one new certificate only', async () => {
  const site = 'again.example';
  const id = await served(site);
  const before = revocations().length;
  proxy.use(serverErrors(({ path }) => path === '/revoke-cert'));
  expect((await rig.ended(await revoke(id, 'keyCompromise'))).status).toBe('failed');
  const { renewal } = await rig.certificateOf(id);
  expect(renewal.failure).toMatchObject({ kind: 'revoke', code: 'ACME_UNAVAILABLE' });
  // Served is the new one already.
  expect(await rig.served(site)).toBe((await versionsOf(id))[0]?.fingerprint_sha256);

  proxy.use();
  await sql`UPDATE viw.certificate_failures SET retry_at = now() WHERE certificate_id = ${id}`.execute(
    rig.db,
  );
  await eventually(async () => expect((await rig.certificateOf(id)).renewal.failure).toBeNull(), {
    timeoutMs: 30_000,
  });
  const versions = await versionsOf(id);
  expect(versions.map(({ revoked_at }) => revoked_at !== null)).toEqual([false, true]);
  expect(revocations().length).toBeGreaterThan(before);
});

test('at once: a server that cannot be deployed to holds up no revocation', async () => {
  const host = await rig.virtualHost('now.example', { test_command: ['false'] });
  const id = await rig.certificate(['now.example']);
  await rig.ended(await rig.request(id, 'issue'));
  await new VirtualHostRepository({ db: rig.db }).assignCertificate([host.id], id);
  const operation = await rig.ended(await revoke(id, 'keyCompromise', { at_once: true }));
  expect(operation.error?.code).toBe('NGINX_CONFIG_INVALID');
  const steps = stepLines(operation);
  const order = ['quarantine done', 'revoke done', 'order done', 'store done'];
  expect(steps.filter((step) => order.includes(step))).toEqual(order);
  expect((await versionsOf(id)).map(({ revoked_at }) => revoked_at !== null)).toEqual([false, true]);
  expect((await rig.certificateOf(id)).renewal.failure).toMatchObject({
    kind: 'revoke',
    next_attempt_at: expect.any(String) as string,
  });
});

test('any other reason: revoked at once, and not renewed any more', async () => {
  const id = await rig.certificate(['closed.example']);
  await rig.ended(await rig.request(id, 'issue'));
  const operation = await rig.ended(await revoke(id, 'cessationOfOperation'));
  expect(stepLines(operation)).toEqual(['revoke done']);
  expect(await rig.certificateOf(id)).toMatchObject({
    state: 'revoked',
    current_version: { revoked_at: expect.any(String) as string },
    renewal: { due_at: null },
  });
  // Asked once more, by somebody who does not know: done.
  expect((await rig.ended(await revoke(id, 'unspecified'))).status).toBe('succeeded');
});

test('asked for while a version is at the CA: that one is revoked, too, and nothing brings it back', async () => {
  const id = await rig.certificate(['crossing.example']);
  rig.gate.close();
  const issue = await rig.request(id, 'issue');
  await eventually(() => expect(rig.gate.waiting).toBeGreaterThan(0));
  const revocation = await revoke(id, 'cessationOfOperation');
  rig.gate.open();
  expect((await rig.ended(issue)).status).toBe('succeeded');
  expect((await rig.ended(revocation)).status).toBe('succeeded');
  const revoked = { state: 'revoked', current_version: { revoked_at: expect.any(String) as string } };
  expect(await rig.certificateOf(id)).toMatchObject(revoked);
  // Accepted before, and taken up only now.
  for (const kind of ['renew', 'deploy'] as const)
    expect(await rig.ended(await rig.request(id, kind))).toMatchObject({
      status: 'failed',
      error: { code: 'DEPLOY_REFUSED', msg: expect.stringContaining('is revoked') as string },
    });
  expect(await rig.certificateOf(id)).toMatchObject({ ...revoked, renewal: { failure: null } });
  const [version, ...more] = await versionsOf(id);
  expect(more).toEqual([]);
  const versions = new CertificateVersionRepository({ db: rig.db });
  expect(await versions.getDeployable(version!.id)).toBeUndefined();
});

test('says what is missing', async () => {
  const id = await rig.certificate(['nothing.example']);
  expect((await rig.ended(await rig.request(id, 'revoke'))).error).toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});

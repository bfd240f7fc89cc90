import { readlink, readdir } from 'node:fs/promises';
import { certAlertsStream, deadLetterStream, groups, streams } from '@viw/contracts';
import { CertificateVersionRepository } from '@viw/database';
import { decodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { startRig, stepLines, type Rig } from './rig';

const sites = [
  'happy.example',
  'mismatch.example',
  'unpinned.example',
  'broken-before.example',
  'broken-after.example',
  'stale.example',
  'refused.example',
  'first.example',
  'second.example',
  'deploy.example',
] as const;

let rig: Rig;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  rig = await startRig(sites);
  worker = await rig.startWorker();
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await rig.stop();
}, 60_000);

const versionsOf = async (certificateId: string) =>
  (await new CertificateVersionRepository({ db: rig.db }).list(certificateId)).items;

const current = (site: string) => readlink(`${rig.nginx.certDir(site)}/current`);

test('issues, deploys and proves; a renewal replaces it; a request published twice is one', async () => {
  const site = 'happy.example';
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site, `www.${site}`], [host.id]);
  const operationId = await rig.request(id, 'issue', 2);
  const operation = await rig.ended(operationId);
  expect(operation).toMatchObject({ status: 'succeeded', error: null });
  expect(stepLines(operation)).toEqual([
    'account done',
    'order done',
    expect.stringMatching(/^challenge (www\.)?happy\.example done$/),
    expect.stringMatching(/^challenge (www\.)?happy\.example done$/),
    'finalize done',
    'download done',
    'store done',
    ...['connect', 'preflight', 'upload', 'switch', 'test', 'reload', 'prove', 'prune'].map(
      (s) => `${s} done`,
    ),
  ]);
  expect(operation.steps.find(({ step }) => step === 'prove')).toMatchObject({ virtual_host_id: host.id });

  const certificate = await rig.certificateOf(id);
  expect(certificate).toMatchObject({
    state: 'active',
    current_version: { names: [site, `www.${site}`] },
    used_by: [
      {
        virtual_host_id: host.id,
        deployed_version_id: certificate.current_version?.id,
        proof: [
          {
            servername: site,
            protocol: 'TLSv1.3',
            names: [site, `www.${site}`],
            issuer: expect.stringContaining('Pebble Intermediate CA') as string,
            // Leaf and intermediate: the chain is sent, too.
            chain: [certificate.current_version?.fingerprint_sha256, expect.stringMatching(/^[0-9a-f]{64}$/)],
          },
        ],
      },
    ],
  });
  expect(await rig.served(site)).toBe(certificate.current_version?.fingerprint_sha256);

  const events = await eventually(async () => {
    const all = await rig.events(operationId);
    expect(all.at(-1)).toMatchObject({ event: 'finished', outcome: 'succeeded' });
    return all;
  });
  expect(events.filter(({ event }) => event === 'step')).toHaveLength(operation.steps.length);

  const renewed = await rig.ended(await rig.request(id, 'renew'));
  expect(renewed.status).toBe('succeeded');
  const versions = await versionsOf(id);
  expect(versions).toHaveLength(2);
  expect(await rig.served(site)).toBe(versions[0]?.fingerprint_sha256);
  expect(versions[0]?.fingerprint_sha256).not.toBe(versions[1]?.fingerprint_sha256);
});

test('a version that came after the request fulfils it', async () => {
  const id = await rig.certificate(['twice.example']);
  const asked = await rig.requestTogether(id, ['issue', 'renew']);
  // Whichever is taken up first.
  const ended = await Promise.all(asked.map((each) => rig.ended(each)));
  expect(ended.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  expect(ended.map(stepLines)).toContainEqual(['issue skipped', 'deploy skipped']);
  expect(await versionsOf(id)).toHaveLength(1);
});

test('deploys what is there, without issuing; refuses when there is nothing', async () => {
  const site = 'deploy.example';
  const id = await rig.certificate([site]);
  expect(await rig.ended(await rig.request(id, 'deploy'))).toMatchObject({
    status: 'failed',
    error: { code: 'DEPLOY_REFUSED', msg: 'the certificate has no version that could be deployed' },
  });
  await rig.ended(await rig.request(id, 'issue'));
  const host = await rig.virtualHost(site);
  await sql`UPDATE viw.virtual_hosts SET certificate_id = ${id} WHERE id = ${host.id}`.execute(rig.db);
  const operation = await rig.ended(await rig.request(id, 'deploy'));
  expect(operation.status).toBe('succeeded');
  expect(stepLines(operation)[0]).toBe('connect done');
  expect(await rig.served(site)).toBe((await rig.certificateOf(id)).current_version?.fingerprint_sha256);
});

describe('a deployment that fails leaves the server as it was', () => {
  async function failedDeployment(
    site: (typeof sites)[number],
    more: Parameters<Rig['virtualHost']>[1],
    before: () => Promise<void> = async () => undefined,
  ) {
    const old = await rig.served(site);
    const host = await rig.virtualHost(site, more);
    const id = await rig.certificate([site], [host.id]);
    await before();
    const operation = await rig.ended(await rig.request(id, 'issue'));
    expect(operation.status).toBe('failed');
    expect(await rig.served(site)).toBe(old);
    expect(await current(site)).toBe('self-signed');
    const certificate = await rig.certificateOf(id);
    // Issued it is, all the same.
    expect(certificate).toMatchObject({ state: 'active', used_by: [{ deployed_version_id: null }] });
    return { ...operation, files: await readdir(rig.nginx.certDir(site)) };
  }

  test('another host key than the pinned one: nothing is authenticated', async () => {
    const pinned = `SHA256:${'A'.repeat(43)}`;
    const { error, files } = await failedDeployment('mismatch.example', { host_key_fingerprint: pinned });
    expect(error?.code).toBe('HOST_KEY_MISMATCH');
    expect(error?.msg).toContain(rig.sshd.hostKeyFingerprint);
    expect(files.sort()).toEqual(['current', 'self-signed']);
  });

  test('no host key confirmed yet', async () => {
    const { error, steps } = await failedDeployment('unpinned.example', { host_key_fingerprint: null });
    expect(error?.code).toBe('DEPLOY_REFUSED');
    expect(error?.msg).toContain('confirm it first');
    expect(steps.at(-1)).toMatchObject({ step: 'connect', status: 'failed' });
  });

  test('configuration broken by somebody else: said so, nothing touched', async () => {
    await rig.nginx.writeConf('zz-broken.conf', 'nonsense on;\n');
    const { error, files, steps } = await failedDeployment('broken-before.example', {});
    await rig.nginx.writeConf('zz-broken.conf', '');
    expect(error?.code).toBe('NGINX_CONFIG_INVALID');
    expect(error?.msg).toMatch(/was broken before this deployment.*nonsense/s);
    expect(files.sort()).toEqual(['current', 'self-signed']);
    expect(steps.at(-1)).toMatchObject({ step: 'preflight', status: 'failed' });
  });

  test('configuration broken by the deployment: switched back', async () => {
    const site = 'broken-after.example';
    const check = `test "$(readlink ${rig.nginx.certDir(site)}/current)" = self-signed || { echo emerg; exit 1; }`;
    const operation = await failedDeployment(site, { test_command: ['sh', '-c', check] });
    expect(operation.error?.code).toBe('NGINX_CONFIG_INVALID');
    expect(operation.error?.msg).toContain('is broken with the new certificate');
    expect(stepLines(operation).slice(-3)).toEqual([
      'test failed',
      'rollback_switch done',
      'rollback_upload done',
    ]);
  });

  test('a reload that keeps the old certificate: not proved, switched back, and an alert', async () => {
    const operation = await failedDeployment('stale.example', { reload_command: ['true'] });
    const alert = await eventually(async () => {
      const entries = await rig.redis.xrange(streams.certAlerts, '-', '+');
      const found = entries
        .map(([, fields]) => decodeEntry(certAlertsStream, fields).body)
        .find(({ dedupe_key: key }) => key === `certificate-operation:${operation.certificate_id}:issue`);
      if (!found) throw new Error('no alert');
      return found;
    });
    expect(alert).toMatchObject({
      action: 'raised',
      severity: 'warning',
      title: 'Failed: issue of stale.example',
      detail: expect.stringContaining('DEPLOY_NOT_PROVEN: server of stale.example') as string,
    });
    expect(operation.error?.code).toBe('DEPLOY_NOT_PROVEN');
    expect(stepLines(operation)).toContain('rollback_switch done');
  });

  test('the first bad server halts: the ones behind it are not begun', async () => {
    const first = await rig.virtualHost('first.example', { host_key_fingerprint: null });
    const second = await rig.virtualHost('second.example');
    const old = await rig.served('second.example');
    const id = await rig.certificate(['first.example', 'second.example'], [first.id, second.id]);
    const operation = await rig.ended(await rig.request(id, 'issue'));
    expect(operation.error?.code).toBe('DEPLOY_REFUSED');
    expect(operation.steps.at(-1)).toMatchObject({
      step: 'deploy',
      status: 'skipped',
      virtual_host_id: second.id,
    });
    expect(await rig.served('second.example')).toBe(old);
  });
});

test('a refusal of the CA ends the operation with its words; nothing is stored or deployed', async () => {
  const site = 'refused.example';
  await worker.stop();
  // Its responder listens where no validation arrives.
  worker = await rig.startWorker({ CERT_WORKER_HTTP01_BIND: '127.0.0.1:0' });
  const old = await rig.served(site);
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site], [host.id]);
  const operation = await rig.ended(await rig.request(id, 'issue'));
  await worker.stop();
  worker = await rig.startWorker();
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'ACME_REFUSED' } });
  expect(operation.error?.msg).toMatch(
    /^refused\.example: .*502.*\(unauthorized\) \[repair the cause, then try again\]$/,
  );
  expect(stepLines(operation)).toEqual(['account done', 'order done', `challenge ${site} failed`]);
  expect(await rig.certificateOf(id)).toMatchObject({ state: 'failed', current_version: null });
  expect(await rig.served(site)).toBe(old);

  // Repaired, the same certificate is issued by another request.
  expect((await rig.ended(await rig.request(id, 'issue'))).status).toBe('succeeded');
  expect((await rig.certificateOf(id)).state).toBe('active');
});

test('says what it cannot do yet', async () => {
  const id = await rig.certificate(['check.example']);
  expect(await rig.ended(await rig.request(id, 'check'))).toMatchObject({
    status: 'failed',
    error: { code: 'NOT_IMPLEMENTED', msg: 'this cert-worker cannot check certificates yet' },
  });
});

test('a CA that has forgotten the account gets the same key registered once more', async () => {
  await rig.pebble.restart();
  const id = await rig.certificate(['forgotten.example']);
  const operation = await rig.ended(await rig.request(id, 'issue'));
  expect(operation.error).toBeNull();
  expect(stepLines(operation).slice(0, 4)).toEqual([
    'account done',
    'order failed',
    'account done',
    'order done',
  ]);
});

test('an entry that breaks the contract is set aside; the ones behind it are worked on', async () => {
  const dead = deadLetterStream(streams.certRequests);
  const before = await rig.redis.xlen(dead);
  await rig.redis.xadd(streams.certRequests, '*', 'v', '1', 'body', '{"operation_id":"nonsense"}');
  const id = await rig.certificate(['behind.example']);
  expect((await rig.ended(await rig.request(id, 'issue'))).status).toBe('succeeded');
  expect(await rig.redis.xlen(dead)).toBe(before + 1);
  await eventually(async () => {
    const [pending] = (await rig.redis.xpending(streams.certRequests, groups.certWorker)) as [number];
    expect(pending).toBe(0);
  });
});

test('no key and no passphrase anywhere in clear: Redis, Postgres, logs', async () => {
  const texts = [...rig.logs];
  for (const key of await rig.redis.keys('*')) {
    if ((await rig.redis.type(key)) === 'stream')
      texts.push(JSON.stringify(await rig.redis.xrange(key, '-', '+')));
  }
  const tables = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'viw'`.execute(rig.db);
  for (const { name } of tables.rows) {
    const { rows } = await sql<{
      text: string;
    }>`SELECT t::text AS text FROM ${sql.table(`viw.${name}`)} t`.execute(rig.db);
    texts.push(...rows.map(({ text }) => text));
  }
  const all = texts.join('\n');
  expect(all).toContain('BEGIN CERTIFICATE');
  expect(all).toContain('operation_ended');
  for (const secret of ['PRIVATE KEY', ...rig.secrets]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(all.includes(secret)).toBe(false);
  }
  const left = await sql`SELECT 1 FROM viw.certificate_order_keys`.execute(rig.db);
  expect(left.rows).toHaveLength(0);
});

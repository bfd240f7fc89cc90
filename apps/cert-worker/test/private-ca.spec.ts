import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CertificateAuthorityRepository, WebAuthorityRepository } from '@viw/database';
import {
  certifyServerAuthority,
  makeNextRoot,
  makeRevocationList,
  makeRoot,
  openAuthority,
  readRequest,
  recertifyServerAuthority,
} from '@viw/pki';
import { uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { startRig, stepLines, type Rig } from './rig';

const run = promisify(execFile);
const site = 'inside.example';
let rig: Rig;
let worker: { stop(): Promise<void> };
let dir: string;
const file = (name: string) => join(dir, name);

beforeAll(async () => {
  [rig, dir] = await Promise.all([startRig([site]), mkdtemp(join(tmpdir(), 'viw-web-ca-'))]);
  worker = await rig.startWorker({ CERT_WORKER_SCHEDULE_EVERY_MS: '200' });
}, 60_000);
afterAll(async () => {
  await worker?.stop();
  await rig?.stop();
  await rm(dir, { recursive: true });
}, 60_000);

const requestCertificate = async (names: string[], hosts: string[] = []) => {
  const id = await rig.certificate(names, hosts);
  await sql`UPDATE viw.certificates SET issuer = 'private-ca' WHERE id = ${id}`.execute(rig.db);
  return id;
};

/** As the backend does it, which alone has the root's key. */
async function certify(): Promise<void> {
  const authorities = new CertificateAuthorityRepository({ db: rig.db });
  const about = { organization: 'Viworks', now: Date.now() };
  const root = await makeRoot({ ...about, commonName: 'viw root' });
  const open = await openAuthority(root.pem, root.privateKey);
  const [asked] = await eventually(async () => {
    const requests = await new WebAuthorityRepository({ db: rig.db }).requests();
    expect(requests).toHaveLength(1);
    return requests;
  });
  const request = await readRequest(asked!.request);
  const web = await certifyServerAuthority({ ...about, commonName: 'viw web services' }, request, open);
  const rootId = uuidv7();
  const entry = (id: string, pem: string) => ({
    id,
    pem,
    subject: 'CN',
    notBefore: new Date(),
    notAfter: new Date(),
  });
  await authorities.add({
    ...entry(rootId, root.pem),
    purpose: 'root',
    issuerId: null,
    fingerprintSha256: '0'.repeat(64),
    sealed: {},
  });
  await authorities.add({
    ...entry(asked!.id, web.pem),
    purpose: 'web-services',
    issuerId: rootId,
    fingerprintSha256: '1'.repeat(64),
    sealed: null,
  });
  await writeFile(file('root.pem'), root.pem);
  await writeFile(file('root.key'), root.privateKey);
  const thisUpdate = new Date(Date.now() - 1_000);
  const list = { number: 1, thisUpdate, nextUpdate: new Date(Date.now() + 86_400_000), revoked: [] };
  await writeFile(file('root.crl'), await makeRevocationList(list, open));
}

/** What openssl says of the current version: with the chain as it is served, and every list there is. */
async function verdict(id: string): Promise<string> {
  const { rows } = await sql<{ cert_pem: string; chain_pem: string; crl: Buffer | null }>`
    SELECT v.cert_pem, v.chain_pem, (SELECT crl FROM viw.certificate_authorities WHERE purpose = 'web-services') AS crl
    FROM viw.certificate_versions v WHERE v.certificate_id = ${id} ORDER BY v.id DESC LIMIT 1`.execute(
    rig.db,
  );
  const [{ cert_pem, chain_pem, crl }] = rows as [(typeof rows)[number]];
  await writeFile(file('leaf.pem'), cert_pem);
  await writeFile(file('chain.pem'), chain_pem);
  await writeFile(file('web.crl'), crl ?? '');
  const texts: string[] = [];
  for (const name of ['root.crl', 'web.crl'])
    texts.push((await run('openssl', ['crl', '-inform', 'DER', '-in', file(name)])).stdout);
  await writeFile(file('lists.pem'), texts.join(''));
  const checks = ['-x509_strict', '-crl_check_all', '-purpose', 'sslserver', '-CRLfile', file('lists.pem')];
  return run('openssl', [
    'verify',
    ...checks,
    ...['-CAfile', file('root.pem'), '-untrusted', file('chain.pem'), file('leaf.pem')],
  ]).then(
    ({ stdout }) => stdout.trim(),
    (error: { stderr: string }) => error.stderr,
  );
}

test('from the request to the revocation: certified by the root, served, renewed, on a published list', async () => {
  const host = await rig.virtualHost(site);
  const names = [site, '*.inside.example', '192.0.2.7', '2001:db8::7'];
  const id = await requestCertificate(names, [host.id]);
  // Nobody has certified the authority: that is said, and passes by itself.
  const early = await rig.ended(await rig.request(id, 'issue'));
  expect(early.error).toMatchObject({ code: 'ACME_UNAVAILABLE' });
  expect((await rig.certificateOf(id)).renewal.failure).toMatchObject({
    went_wrong: expect.stringContaining('a backend certifies it within seconds') as string,
    viw_does: 'viw tries again by itself.',
  });
  await certify();

  const issued = await rig.ended(await rig.request(id, 'issue'));
  expect(issued.error).toBeNull();
  expect(stepLines(issued).slice(0, 2)).toEqual(['finalize done', 'store done']);
  const { current_version: first } = await rig.certificateOf(id);
  expect(first).toMatchObject({ names, issuer: expect.stringContaining('viw web services') as string });
  expect(await rig.served(site)).toBe(first?.fingerprint_sha256);
  await eventually(async () => expect(await verdict(id)).toBe(`${file('leaf.pem')}: OK`), {
    timeoutMs: 30_000,
  });

  const renewed = await rig.ended(await rig.request(id, 'renew'));
  expect(renewed.status).toBe('succeeded');
  const { current_version: second } = await rig.certificateOf(id);
  expect(second?.fingerprint_sha256).not.toBe(first?.fingerprint_sha256);
  expect(await rig.served(site)).toBe(second?.fingerprint_sha256);

  const revoke = { reason: 'cessationOfOperation', at_once: false };
  expect((await rig.ended(await rig.request(id, 'revoke', 1, revoke))).error).toBeNull();
  expect(await verdict(id)).toMatch(/certificate revoked/);

  const { rows } = await sql<{ serial: string }>`SELECT serial FROM viw.web_revocations`.execute(rig.db);
  expect(rows.map(({ serial }) => serial).sort()).toEqual([first!.serial, second!.serial].sort());
});

test('by its life alone, and for servers only: what it signs is nobody’s client certificate', async () => {
  const id = await requestCertificate(['second.example']);
  await rig.ended(await rig.request(id, 'issue'));
  const { renewal } = await eventually(
    async () => {
      const certificate = await rig.certificateOf(id);
      expect(certificate.renewal.due_at).not.toBeNull();
      return certificate;
    },
    { timeoutMs: 30_000 },
  );
  expect(renewal).toMatchObject({ reason: 'lifetime', suggestion: null, note: null });
  expect(await verdict(id)).toMatch(/OK$/);
  const client = run('openssl', [
    ...['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', file('root.pem')],
    ...['-untrusted', file('chain.pem'), file('leaf.pem')],
  ]);
  await expect(client).rejects.toMatchObject({ stderr: expect.stringMatching(/purpose/) as string });
  expect(rig.logs.join('')).not.toMatch(/PRIVATE KEY/);
});

test('certified anew by the next root, it goes on by the same key, and shows the way from the former root', async () => {
  const authorities = new CertificateAuthorityRepository({ db: rig.db });
  // Both may be of one millisecond.
  const stored = await authorities.list();
  const [former, web] = ['root', 'web-services'].map((wanted) =>
    stored.find((row) => row.purpose === wanted),
  );
  const key = await readFile(file('root.key'), 'utf8');
  const { root, cross } = await makeNextRoot(await openAuthority(former!.pem, key), Date.now());
  const id = uuidv7();
  const dates = { notBefore: root.notBefore, notAfter: root.notAfter };
  const next = { id, purpose: 'root' as const, issuerId: null, subject: 'CN', ...dates, sealed: {} };
  await authorities.add({
    ...{ ...next, pem: root.pem, fingerprintSha256: '2'.repeat(64), announceS: 0 },
    cross: { pem: cross.pem, issuerId: former!.id },
  });
  await rig.db.transaction().execute((db) => new CertificateAuthorityRepository({ db }).activateDue([id]));
  const by = await openAuthority(root.pem, root.privateKey);
  const { pem } = await recertifyServerAuthority(web!.pem, { now: Date.now() }, by);
  const anew = { issuerId: id, pem, fingerprintSha256: '3'.repeat(64), ...dates };
  await authorities.recertify(web!.id, anew);
  expect(await authorities.webByFormerChain()).toMatchObject({ count: 1, some: ['second.example'] });

  const order = await requestCertificate(['third.example']);
  expect((await rig.ended(await rig.request(order, 'issue'))).error).toBeNull();
  const version = () => rig.certificateOf(order).then(({ current_version: current }) => current);
  expect(await version()).toMatchObject({
    issuer: expect.stringContaining('viw web services') as string,
  });
  // Who trusts the former root alone; then the next one alone.
  const chain = ['-untrusted', file('chain.pem'), file('leaf.pem')];
  await verdict(order);
  const servers = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile'];
  await writeFile(file('next.pem'), root.pem);
  for (const anchor of ['root.pem', 'next.pem'])
    expect((await run('openssl', [...servers, file(anchor), ...chain])).stdout).toMatch(/OK\n$/);
  expect(await authorities.webByFormerChain()).toMatchObject({ count: 1 });
  // What was signed before leads to the former root by what is served with it, and can be revoked still.
  const revoke = { reason: 'cessationOfOperation', at_once: false };
  expect((await rig.ended(await rig.request(order, 'revoke', 1, revoke))).error).toBeNull();
  const { rows } = await sql<{ serial: string }>`SELECT serial FROM viw.web_revocations
    WHERE authority_id = ${web!.id}::uuid`.execute(rig.db);
  expect(rows.map(({ serial }) => serial)).toContain((await version())?.serial);
});

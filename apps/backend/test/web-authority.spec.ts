import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { WebAuthorityRepository } from '@viw/database';
import { issueService, openAuthority, requestAuthority, serverNames } from '@viw/pki';
import { uuidv7 } from '@viw/runtime';
import { confirmAuthorityRequest } from '@viw/secrets';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Authority } from '@viw/pki';
import { openssl } from '../../../libs/pki/test/openssl';
import { CertificateVerifier } from './certificate-verifier';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backends: TestBackend[];
let admin: Client;
let dir: string;
beforeAll(async () => {
  [around, dir] = await Promise.all([surroundings(), mkdtemp(join(tmpdir(), 'viw-web-authority-'))]);
}, 60_000);
afterAll(async () => {
  await Promise.all((backends ?? []).map((backend) => backend.stop()));
  await around?.close();
  await rm(dir, { recursive: true });
});

const environment = {
  BACKEND_TLS_NAMES: 'API.viw.example, 192.0.2.9, 2001:DB8:0::9',
  BACKEND_PUBLIC_URL: 'https://panel.example',
  BACKEND_AGENT_HUB_URLS: 'wss://hub.example:8443/agents, wss://[2001:db8::8]/',
};
/** All of these would be taken for viw by who trusts its root. */
const own = ['api.viw.example', 'x.panel.example', 'hub.example', '192.0.2.9', '2001:db8::8', '2001:db8::9'];

/** What openssl says of a server of this name that the authority has certified. */
async function verdict(name: string, web: { pem: string; authority: Authority; root: string }) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { pem: leaf } = await issueService(
    { profile: 'server', ...serverNames([name]), organization: 'Viworks', days: 1, now: Date.now() },
    { publicKey: publicKey.export({ type: 'spki', format: 'der' }) },
    web.authority,
  );
  const file = (which: string) => join(dir, `${which}.pem`);
  await writeFile(file('leaf'), leaf);
  await writeFile(file('web'), web.pem);
  await writeFile(file('root'), web.root);
  const chain = ['-CAfile', file('root'), '-untrusted', file('web')];
  const { output } = await openssl('verify', ...chain, file('leaf'));
  return /OK|excluded subtree violation/.exec(output)?.[0] ?? output;
}

const stored = () => new WebAuthorityRepository({ db: around.owner });
/** As a cert-worker does it, which has the same key-encryption key. */
const ask = (id: string, request: string): Promise<void> => {
  const requestSealed = confirmAuthorityRequest(around.box, id, request);
  return stored().request({ id, request, requestSealed, keySealed: {} });
};

it('a request that is none is certified by nobody, and said once', async () => {
  await ask(uuidv7(), '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n');
  backends = [await startBackend(around)];
  const told = () => backends[0]!.log.filter((line) => line.includes('authority_request_refused'));
  await eventually(async () => expect(told()).toHaveLength(1));
  expect(await stored().requests()).toHaveLength(1);
  await sql`DELETE FROM viw.authority_requests`.execute(around.owner);
  await backends[0]!.stop();
});

it('certifies what a cert-worker asks for, once, for servers only and without ever having its key', async () => {
  const { privateKey, request } = await requestAuthority();
  const id = uuidv7();
  await ask(id, request);
  backends = await Promise.all([
    startBackend(around, { environment }),
    startBackend(around, { environment }),
  ]);
  admin = await backends[0]!.signIn();
  const authorities = await eventually(async () => {
    const { authorities: found } = await admin.certificateAuthorities.list();
    expect(found.map(({ purpose }) => purpose).sort()).toEqual(['gateway-agents', 'root', 'web-services']);
    return found;
  });
  const web = authorities.find(({ purpose }) => purpose === 'web-services')!;
  expect(web).toMatchObject({ id, issuer_id: authorities.find(({ purpose }) => purpose === 'root')!.id });
  const bundle = await (await fetch(backends[0]!.url + web.certificate_path)).text();
  const [pem = '', root = ''] = bundle.split(/(?<=-----END CERTIFICATE-----\n)/);
  const certificate = new X509Certificate(pem);
  expect(certificate.verify(new X509Certificate(root).publicKey)).toBe(true);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const authority = await openAuthority(pem, privateKey);
  expect(await verdict('www.example', { pem, authority, root })).toBe('OK');
  for (const name of own)
    expect(await verdict(name, { pem, authority, root })).toBe('excluded subtree violation');
  const { rows } = await sql`SELECT sealed FROM viw.certificate_authorities WHERE id = ${id}`.execute(
    around.owner,
  );
  expect(rows).toEqual([{ sealed: null }]);

  // Whoever checks the whole chain asks for it at its root.
  const verifier = await CertificateVerifier.create(backends[0]!.url);
  const top = authorities.find(({ purpose }) => purpose === 'root')!;
  expect(await verifier.ocsp(pem, top)).toMatch(/^leaf: good\n/);
  await rm(verifier.dir, { recursive: true });

  // Its list is made by who has the key; what stands here is served.
  expect((await fetch(backends[0]!.url + web.revocation_list_path)).status).toBe(404);
  await stored().storeRevocationList(id, {
    after: 0,
    number: 7,
    der: Buffer.from('list'),
    digest: 'd',
    thisUpdate: new Date(),
    nextUpdate: new Date(),
  });
  expect(await (await fetch(backends[1]!.url + web.revocation_list_path)).text()).toBe('list');
});

it('is certified anew, with the names of now: the same key, and whoever was shown the former certificate goes on', async () => {
  const { authorities } = await admin.certificateAuthorities.list();
  const [web, top] = (['web-services', 'root'] as const).map((purpose) =>
    authorities.find((each) => each.purpose === purpose)!,
  );
  const former = await (await fetch(backends[0]!.url + web!.certificate_path)).text();
  const renamed = await startBackend(around, { environment: { BACKEND_TLS_NAMES: 'new.example' } });
  backends.push(renamed);
  const client = createClient({
    baseUrl: renamed.url,
    auth: { kind: 'apiKey', key: await backends[0]!.key('admin') },
  });
  await expect(client.certificateAuthorities.rotate(web!.id, { announce_s: 60 })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  const anew = await client.certificateAuthorities.rotate(web!.id);
  expect(anew).toMatchObject({ id: web!.id, subject: web!.subject, issuer_id: top!.id, phase: 'in_use' });
  const pem = await (await fetch(renamed.url + anew.certificate_path)).text();
  const [before, after] = [new X509Certificate(former), new X509Certificate(pem)];
  expect(after.publicKey.equals(before.publicKey)).toBe(true);
  expect(after.fingerprint256).not.toBe(before.fingerprint256);
  const verifier = await CertificateVerifier.create(renamed.url);
  const { output } = await openssl(
    ...['x509', '-noout', '-ext', 'nameConstraints', '-in', await verifier.put('web.pem', pem)],
  );
  expect(output).toMatch(/Name Constraints: critical\s+Excluded:\s+DNS:new.example\n$/);
  for (const each of [former, pem]) expect(await verifier.ocsp(each, top!)).toMatch(/^leaf: good\n/);
  await verifier.close();
});

it('makes room for another key by what the runbook says', async () => {
  const runbook = await readFile(join(__dirname, '../../../RUNBOOK.md'), 'utf8');
  const text = /```sql\n(BEGIN;\nDELETE FROM viw\.web_revocations[^`]*)```/.exec(runbook)?.[1] ?? '';
  const { rows } = await sql<{ id: string }>`SELECT id FROM viw.certificate_authorities
    WHERE purpose = 'web-services'`.execute(around.owner);
  const notAfter = new Date(Date.now() + 86_400_000);
  await stored().revoke(rows[0]!.id, { serial: '01', reason: 'superseded', notAfter });
  const statements = text
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  expect([statements.length, statements[0], statements.at(-1)]).toEqual([5, 'BEGIN', 'COMMIT']);
  await around.owner.transaction().execute(async (trx) => {
    for (const statement of statements.slice(1, -1)) await sql.raw(statement).execute(trx);
  });
  // Nothing of it is left: the next request is certified as the first one was.
  expect(await stored().find()).toBeUndefined();
  const { authorities } = await admin.certificateAuthorities.list();
  expect(authorities.map(({ purpose }) => purpose)).not.toContain('web-services');
});

it.each([...own, '*.viw.example', '*.hub.example'])('orders nothing of it for %s', async (name) => {
  const operator = await backends[0]!.as('operator');
  const order = { names: ['www.example', name], issuer: 'private-ca' };
  await expect(operator.certificates.create(order)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: expect.stringContaining(`names.1: ${name} stands for a name of viw itself`) as string,
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client } from '@viw/client';
import { signRequest } from '@viw/commands';
import type { CertificateAuthority, ServiceProfile } from '@viw/contracts';
import { ed25519PublicKey, enrollment } from '@viw/contracts';
import { makeRequest } from '@viw/pki';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { openssl } from '../../../libs/pki/test/openssl';
import { CertificateVerifier } from './certificate-verifier';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

const statusOrigin = 'http://pki.example.org';
let around: Surroundings;
let backend: TestBackend;
let other: TestBackend;
let admin: Client;
let services: CertificateAuthority;
let databases: CertificateAuthority;
let verifier: CertificateVerifier;
const file = (name: string): string => verifier.file(name);

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around, { environment: { BACKEND_PKI_URL: statusOrigin } });
  other = await startBackend(around);
  verifier = await CertificateVerifier.create(backend.url);
  admin = await backend.signIn();
  services = await admin.certificateAuthorities.create({ purpose: 'services' });
  databases = await admin.certificateAuthorities.create({ purpose: 'database-services' });
  const made = ['-nodes', '-keyout', file('key.pem'), '-subj', '/CN=root/O=Viworks', '-out', file('csr.pem')];
  await openssl('req', '-new', '-newkey', 'rsa:2048', ...made);
}, 60_000);
afterAll(async () => {
  await Promise.all([backend?.stop(), other?.stop()]);
  await around?.close();
  await verifier?.close();
});

const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;
const order = async (profile: ServiceProfile, more = {}) => ({
  csr: await readFile(file('csr.pem'), 'utf8'),
  profile,
  common_name: 'orders',
  dns_names: ['orders.example.org'],
  ...more,
});
const issue = async ({ id }: CertificateAuthority, profile: ServiceProfile, more = {}) =>
  admin.certificateAuthorities.issue(id, await order(profile, more));

const all = async (): Promise<CertificateAuthority[]> =>
  (await admin.certificateAuthorities.list()).authorities;
const authority = async (purpose: string): Promise<CertificateAuthority> => {
  const found = (await all()).find((each) => each.purpose === purpose && each.superseded_at === null);
  if (found === undefined) throw new Error(`no authority for ${purpose}`);
  return found;
};
const verify = async (pem: string, issuer: CertificateAuthority, purpose: string): Promise<string> =>
  verifier.verify(pem, { issuer, root: await authority('root'), purpose });

it('one present authority of a purpose, for who may do everything', async () => {
  expect(services).toMatchObject({
    purpose: 'services',
    superseded_at: null,
    issuer_id: (await authority('root')).id,
  });
  await expect(admin.certificateAuthorities.create({ purpose: 'services' })).rejects.toEqual(
    refusedWith('ALREADY_EXISTS'),
  );
  const operator = await backend.as('operator');
  const narrowed = await backend.as('admin', { gateways: 'all', certificates: 'all' });
  for (const each of [operator, narrowed]) {
    await expect(each.certificateAuthorities.issue(services.id, await order('client'))).rejects.toEqual(
      refusedWith('FORBIDDEN'),
    );
    await expect(each.certificateAuthorities.create({ purpose: 'services' })).rejects.toEqual(
      refusedWith('FORBIDDEN'),
    );
  }
});

it('openssl accepts every profile strictly, with revocation lists and OCSP', async () => {
  const rows = [
    [services, 'client', 'sslclient'],
    [services, 'server', 'sslserver'],
    [services, 'dual', 'sslserver'],
    [databases, 'server', 'sslserver'],
    [databases, 'postgres-client', 'sslclient'],
    [databases, 'mongodb-client', 'sslclient'],
  ] as const;
  for (const [issuer, profile, purpose] of rows) {
    const { certificate, serial, fingerprint_sha256 } = await issue(issuer, profile);
    expect(await verify(certificate.pem, issuer, purpose)).toBe('leaf: OK\n');
    expect(await verifier.ocsp(certificate.pem, issuer)).toMatch(/^leaf: good\n/);
    const [newest] = (await admin.certificateAuthorities.certificates(issuer.id)).items;
    expect(newest).toMatchObject({ serial, profile, fingerprint_sha256, names: ['orders.example.org'] });
    expect(
      await openssl('x509', '-in', file('leaf.pem'), '-noout', '-subject', '-ext', 'crlDistributionPoints'),
    ).toEqual({
      code: 0,
      output: expect.stringContaining(`URI:${statusOrigin}/pki/crl/${issuer.id}.crl`) as string,
    });
  }
});

it('nobody gets a certificate that a hub would take for a gateway’s, nor one for what is not allowed', async () => {
  const { certificate } = await issue(services, 'client', {
    common_name: 'gw.example.org',
    dns_names: ['gw.example.org'],
  });
  await verifier.put('leaf.pem', certificate.pem);
  const { output } = await openssl('x509', '-in', file('leaf.pem'), '-noout', '-subject');
  expect(output).toBe('subject=O = viw services, CN = gw.example.org\n');
  for (const more of [
    { uris: ['urn:viw:gateway:gw-1'] },
    { uris: ['URN:viw:gateway:gw-1'] },
    { days: 366 },
    ...[' orders', '#0c0141', 'a\\2cO=Viworks', '"x"', 'a,O=Viworks', 'a+O=Viworks'].map((common_name) => ({
      common_name,
    })),
    { dns_names: ['not a name'] },
    { ip_addresses: ['999.0.0.1'] },
    {
      csr: makeRequest(generateKeyPairSync('ed25519').privateKey).replace(
        /.{8}\n-----END/,
        'AAAAAAA=\n-----END',
      ),
    },
    { profile: 'server', dns_names: [] },
  ])
    await expect(issue(services, 'client', more)).rejects.toEqual(refusedWith('VALIDATION_FAILED'));
  await expect(issue(services, 'postgres-client')).rejects.toEqual(refusedWith('CONFLICT'));
  for (const purpose of ['root', 'gateway-agents'])
    await expect(issue(await authority(purpose), 'client')).rejects.toEqual(refusedWith('CONFLICT'));
  await expect(issue({ ...services, id: '01936b2e-0000-7000-8000-000000000001' }, 'client')).rejects.toEqual(
    refusedWith('NOT_FOUND'),
  );
});

it('a revoked one is refused at once by OCSP, at every backend, and soon by its list; for good, and with its audit lines', async () => {
  const { certificate, serial } = await issue(databases, 'postgres-client', { dns_names: ['db'] });
  const printed = serial.toUpperCase().replace(/..(?=.)/g, '$&:');
  const revoked = await admin.certificateAuthorities.revoke(databases.id, {
    serial: printed,
    reason: 'keyCompromise',
  });
  expect(revoked).toMatchObject({
    serial,
    revocation_reason: 'keyCompromise',
    revoked_at: expect.any(String) as string,
  });
  for (const at of [backend, other])
    expect(await verifier.ocsp(certificate.pem, databases, at.url)).toMatch(
      /^leaf: revoked\n[^]*Reason: keyCompromise\n/,
    );
  const again = await admin.certificateAuthorities.revoke(databases.id, { serial, reason: 'superseded' });
  expect(again).toEqual(revoked);
  expect(await verify(certificate.pem, databases, 'sslclient')).toContain('certificate revoked');
  await expect(
    admin.certificateAuthorities.revoke(services.id, { serial, reason: 'superseded' }),
  ).rejects.toEqual(refusedWith('NOT_FOUND'));
  const { rows } = await sql<{ action: string }>`SELECT action FROM viw.audit_log
    WHERE object_id = ${databases.id} AND (action = 'ca.create' OR detail ->> 'serial' = ${serial}) ORDER BY id`.execute(
    around.owner,
  );
  expect(rows.map(({ action }) => action)).toEqual(['ca.create', 'ca.issue', 'ca.revoke']);
});

it('OCSP answers for gateways and authorities too; what was never issued is unknown, a foreign issuer no business of ours', async () => {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  const { token } = await admin.gateways.issueEnrollmentToken(id);
  const { privateKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = privateKey.export({ format: 'jwk' });
  const signed = {
    token,
    public_keys: { agent: ed25519PublicKey.parse({ kty, crv, x }) },
    csr: makeRequest(privateKey),
  };
  const answer = await fetch(`${backend.url}/agent/enroll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...signed, proof: signRequest(privateKey, 'viw-enroll', signed) }),
  });
  const pem = enrollment.parse(await answer.json()).certificate?.pem ?? '';
  const agents = await authority('gateway-agents');
  expect(await verifier.ocsp(pem, agents)).toMatch(/^leaf: good\n/);
  const { rows } = await sql<{
    serial: string;
  }>`SELECT serial FROM viw.issued_certificates WHERE agent_id = ${id}`.execute(around.owner);
  await expect(
    admin.certificateAuthorities.revoke(agents.id, { serial: rows[0]?.serial ?? '', reason: 'superseded' }),
  ).rejects.toEqual(refusedWith('CONFLICT'));
  await admin.gateways.revokeCredentials(id);
  expect(await verifier.ocsp(pem, agents)).toMatch(/^leaf: revoked\n/);
  const root = await authority('root');
  const below = await (await fetch(backend.url + services.certificate_path)).text();
  expect(await verifier.ocsp(below, root)).toMatch(/^leaf: good\n/);
  expect(await verifier.ocsp({ serial: '1234' }, services)).toMatch(/^0x1234: unknown\n/);
  await openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=foreign',
    ],
    ...['-keyout', file('foreign.key'), '-out', file('foreign.pem')],
  );
  const foreign = ['-issuer', file('foreign.pem'), '-cert', file('foreign.pem'), '-noverify'];
  const { output } = await openssl('ocsp', '-url', `${backend.url}/pki/ocsp`, ...foreign);
  expect(output).toContain('Responder Error: unauthorized (6)');
});

it('takes the request in the path as well, and nothing that is too large or none', async () => {
  const { certificate } = await issue(services, 'client');
  await verifier.put('leaf.pem', certificate.pem);
  const bundle = await verifier.download(services.certificate_path, 'bundle.pem');
  const asked = ['-issuer', bundle, '-cert', file('leaf.pem')];
  await openssl('ocsp', ...asked, '-reqout', file('request.der'), '-no_nonce');
  const request = await readFile(file('request.der'));
  const got = await fetch(`${backend.url}/pki/ocsp/${encodeURIComponent(request.toString('base64'))}`);
  expect([got.status, got.headers.get('content-type')]).toEqual([200, 'application/ocsp-response']);
  await verifier.put('response.der', Buffer.from(await got.arrayBuffer()));
  const { output } = await openssl(
    'ocsp',
    ...asked,
    '-respin',
    file('response.der'),
    '-no_nonce',
    '-CAfile',
    bundle,
  );
  expect(output).toMatch(/leaf.pem: good[^]*Response verify OK/);
  const post = (body: Buffer, type = 'application/ocsp-request') =>
    fetch(`${backend.url}/pki/ocsp`, { method: 'POST', headers: { 'content-type': type }, body });
  expect((await post(request, 'application/json')).status).toBe(400);
  expect((await post(Buffer.alloc(5_000))).status).toBe(413);
  // malformedRequest (1), not signed.
  expect(Buffer.from(await (await post(Buffer.from('none'))).arrayBuffer()).toString('hex')).toBe(
    '30030a0101',
  );
  for (const path of ['x', '*'.repeat(8), 'A'.repeat(1_025)])
    expect((await fetch(`${backend.url}/pki/ocsp/${path}`)).status).toBe(path === 'x' ? 200 : 400);
});

it('the next authority of a purpose issues in place of the former one, which answers for what it has issued', async () => {
  const before = await issue(services, 'client');
  const next = await admin.certificateAuthorities.rotate(services.id);
  expect(next).toMatchObject({ purpose: 'services', superseded_at: null });
  await expect(issue(services, 'client')).rejects.toEqual(refusedWith('CONFLICT'));
  await expect(admin.certificateAuthorities.rotate(services.id)).rejects.toEqual(refusedWith('CONFLICT'));
  const after = await issue(next, 'client');
  expect(await verify(before.certificate.pem, services, 'sslclient')).toContain(': OK');
  expect(await verify(after.certificate.pem, next, 'sslclient')).toContain(': OK');
  await admin.certificateAuthorities.revoke(services.id, { serial: before.serial, reason: 'superseded' });
  expect(await verifier.ocsp(before.certificate.pem, services)).toContain('leaf: revoked');
  await eventually(
    async () => expect(await verifier.ocsp(after.certificate.pem, next, other.url)).toContain('leaf: good'),
    {
      timeoutMs: 30_000,
    },
  );
});

import { X509Certificate, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { signRequest } from '@viw/commands';
import { ed25519PublicKey, enrollment, registrySnapshotKey, renewal } from '@viw/contracts';
import type { CertificateAuthority, GatewayRegistrySnapshot } from '@viw/contracts';
import { CertificateAuthorityRepository } from '@viw/database';
import { makeRequest } from '@viw/pki';
import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { openssl } from '../../../libs/pki/test/openssl';
import { revocationListGauge } from '../src/private-ca/revocation-list-gauge';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let dir: string;

beforeAll(async () => {
  [around, dir] = await Promise.all([surroundings(), mkdtemp(join(tmpdir(), 'viw-private-ca-'))]);
  // Two at once, as replicas start: the authorities are made by one of them.
  const [first, second] = await Promise.all([startBackend(around), startBackend(around)]);
  await eventually(async () => expect((await authoritiesStored()).length).toBe(2));
  await second.stop();
  backend = first;
  admin = await backend.signIn();
  // Their lists are made after them.
  await eventually(async () => {
    for (const { revocation_list: list } of Object.values(await authorities())) expect(list).not.toBeNull();
  });
});
afterAll(async () => {
  await backend?.stop();
  await around?.close();
  await rm(dir, { recursive: true });
});

const authoritiesStored = async () => {
  const { rows } = await sql<{ sealed: { kek: string } }>`
    SELECT sealed FROM viw.certificate_authorities`.execute(around.owner);
  return rows;
};

const agentKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const jwkOf = (key: KeyObject) => {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return ed25519PublicKey.parse({ kty, crv, x });
};

const post = (path: string, body: unknown, at = backend): Promise<Response> =>
  fetch(at.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

function enrol(token: string, key: KeyObject, csr?: string, at = backend): Promise<Response> {
  const signed = { token, public_keys: { agent: jwkOf(key) }, ...(csr === undefined ? {} : { csr }) };
  return post('/agent/enroll', { ...signed, proof: signRequest(key, 'viw-enroll', signed) }, at);
}

function renew(id: string, current: KeyObject, next: KeyObject, csr?: string): Promise<Response> {
  const issued_at = new Date().toISOString();
  const signed = { agent_id: id, next: jwkOf(next), issued_at, ...(csr === undefined ? {} : { csr }) };
  const by = (key: KeyObject): string => signRequest(key, 'viw-renew', signed);
  return post('/agent/renew', { ...signed, by_current: by(current), by_next: by(next) });
}

async function newToken(id = uniqueAgent()): Promise<{ id: string; token: string }> {
  await admin.gateways.register({ agent_id: id });
  return { id, token: (await admin.gateways.issueEnrollmentToken(id)).token };
}

async function enrolled() {
  const { id, token } = await newToken();
  const key = agentKey();
  const csr = makeRequest(key);
  const answer = enrollment.parse(await (await enrol(token, key, csr)).json());
  return { id, token, key, csr, pem: answer.certificate?.pem ?? '' };
}

const shaOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

const entryOf = async (id: string) => {
  const body = (await around.client.hget(registrySnapshotKey, 'body')) ?? '{}';
  return (JSON.parse(body) as GatewayRegistrySnapshot).gateways.find(({ agent_id }) => agent_id === id);
};

async function authorities(): Promise<Record<'root' | 'gateway-agents', CertificateAuthority>> {
  const all = (await admin.certificateAuthorities.list()).authorities;
  return Object.fromEntries(all.map((each) => [each.purpose, each])) as never;
}

/** As somebody who knows nothing but the public addresses. */
async function verify(pem: string): Promise<string> {
  const { root, 'gateway-agents': issuer } = await authorities();
  const lists: string[] = [];
  for (const { revocation_list_path: path } of [root, issuer]) {
    await writeFile(
      join(dir, 'list.crl'),
      Buffer.from(await (await fetch(backend.url + path)).arrayBuffer()),
    );
    lists.push((await openssl('crl', '-inform', 'DER', '-in', join(dir, 'list.crl'))).output);
  }
  await writeFile(join(dir, 'lists.pem'), lists.join(''));
  await writeFile(join(dir, 'root.pem'), await (await fetch(backend.url + root.certificate_path)).text());
  await writeFile(join(dir, 'bundle.pem'), await (await fetch(backend.url + issuer.certificate_path)).text());
  await writeFile(join(dir, 'leaf.pem'), pem);
  const { output } = await openssl(
    ...[
      'verify',
      '-x509_strict',
      '-crl_check_all',
      '-purpose',
      'sslclient',
      '-CAfile',
      join(dir, 'root.pem'),
    ],
    ...['-untrusted', join(dir, 'bundle.pem'), '-CRLfile', join(dir, 'lists.pem'), join(dir, 'leaf.pem')],
  );
  return output;
}

it('lists its authorities; their keys are sealed, their certificates and lists public', async () => {
  const { root, 'gateway-agents': issuer } = await authorities();
  expect(issuer.issuer_id).toBe(root.id);
  const pem = await (await fetch(backend.url + issuer.certificate_path)).text();
  expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(shaOf(pem)).toBe(issuer.fingerprint_sha256);
  expect(issuer.subject).toMatch(/^CN=viw gateway agents [0-9a-f]{8},O=Viworks$/);
  const { rows } = await sql`SELECT * FROM viw.certificate_authorities`.execute(around.owner);
  expect(JSON.stringify(rows) + backend.log.join('')).not.toContain('PRIVATE KEY');
  const list = await fetch(backend.url + issuer.revocation_list_path, { method: 'HEAD' });
  expect([list.status, list.headers.get('content-type')]).toEqual([200, 'application/pkix-crl']);
  const metrics = createMetrics('test');
  revocationListGauge({ authorities: new CertificateAuthorityRepository({ db: around.owner }), metrics });
  const text = await metrics.getSingleMetricAsString('viw_revocation_list_seconds_left');
  const left = Number(/purpose="gateway-agents"[^}]*} (\d+)/.exec(text)?.[1]) / 86_400;
  expect(left).toBeGreaterThan(6.9);
  expect(left).toBeLessThan(7);
  const nobody = '01936b2e-0000-7000-8000-000000000001';
  for (const path of [`/pki/ca/${nobody}.pem`, `/pki/crl/${nobody}.crl`])
    expect((await fetch(backend.url + path)).status).toBe(404);
});

it('issues for the key of the request and the name of the gateway, whatever else the request says; revoked, it stands in the list', async () => {
  const { id, token } = await newToken();
  await openssl(
    ...[
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=gw-other',
    ],
    ...['-addext', 'subjectAltName=DNS:gw-other', '-addext', 'basicConstraints=CA:TRUE'],
    ...['-keyout', join(dir, 'own.key'), '-out', join(dir, 'own.csr')],
  );
  const answer = await enrol(token, agentKey(), await readFile(join(dir, 'own.csr'), 'utf8'));
  const { certificate } = enrollment.parse(await answer.json());
  const leaf = new X509Certificate(certificate?.pem ?? '');
  expect(leaf.checkPrivateKey(createPrivateKey(await readFile(join(dir, 'own.key'))))).toBe(true);
  expect([leaf.subject, leaf.subjectAltName, leaf.ca]).toEqual([
    `O=Viworks\nCN=${id}`,
    `URI:urn:viw:gateway:${id}`,
    false,
  ]);
  const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(30);
  await eventually(async () =>
    expect(await entryOf(id)).toMatchObject({ certificate_sha256: shaOf(leaf.toString()) }),
  );
  expect(await verify(leaf.toString())).toContain(': OK');

  const before = (await authorities())['gateway-agents'].revocation_list?.number ?? 0;
  await admin.gateways.revokeCredentials(id);
  await eventually(
    async () =>
      expect((await authorities())['gateway-agents'].revocation_list?.number).toBeGreaterThan(before),
    { timeoutMs: 30_000 },
  );
  expect(await verify(leaf.toString())).toContain('certificate revoked');
  expect(await entryOf(id)).toMatchObject({ state: 'revoked' });
});

it('answers the same request by the same certificate; a request that is none leaves the token as it was', async () => {
  const { id, token } = await newToken();
  const key = agentKey();
  const broken = makeRequest(key).replace(/.{8}\n-----END/, 'AAAAAAA=\n-----END');
  const refused = await enrol(token, key, broken);
  expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'VALIDATION_FAILED' }]);
  const csr = makeRequest(key);
  const first = enrollment.parse(await (await enrol(token, key, csr)).json());
  const again = enrollment.parse(await (await enrol(token, key, csr)).json());
  expect(again.certificate).toEqual(first.certificate);
  const { rows } = await sql`SELECT FROM viw.issued_certificates WHERE agent_id = ${id}`.execute(
    around.owner,
  );
  expect(rows).toHaveLength(1);
});

it('a host that is enrolled anew leaves nothing to the certificate of the one before', async () => {
  const { id } = await enrolled();
  await admin.gateways.issueEnrollmentToken(id).then(({ token }) => enrol(token, agentKey()));
  await eventually(async () => {
    const entry = await entryOf(id);
    expect(entry?.signing_key).toBeDefined();
    expect([entry?.certificate_sha256, entry?.former_certificate]).toEqual([undefined, undefined]);
  });
  // What somebody has registered by hand is his to take away.
  const byHand = 'ab'.repeat(32);
  await admin.gateways.update(id, { public_keys: { certificate_sha256: byHand } });
  await admin.gateways.issueEnrollmentToken(id).then(({ token }) => enrol(token, agentKey()));
  await eventually(async () => expect(await entryOf(id)).toMatchObject({ certificate_sha256: byHand }));
});

it('renews the certificate alone, or with the key; hubs take the former one for a while, until something is revoked', async () => {
  const { id, key, csr, pem } = await enrolled();
  const soon = renewal.parse(await (await renew(id, key, key, csr)).json());
  expect(soon).toMatchObject({ former_until: null, certificate: { pem } });
  await sql`UPDATE viw.issued_certificates SET created_at = now() - interval '20 days'
    WHERE agent_id = ${id}`.execute(around.owner);
  const later = renewal.parse(await (await renew(id, key, key, csr)).json());
  const second = later.certificate?.pem ?? '';
  expect(shaOf(second)).not.toBe(shaOf(pem));
  await eventually(async () =>
    expect(await entryOf(id)).toMatchObject({
      signing_key: jwkOf(key),
      certificate_sha256: shaOf(second),
      former_certificate: { sha256: shaOf(pem), until: expect.any(String) as string },
    }),
  );
  const next = agentKey();
  const both = renewal.parse(await (await renew(id, key, next, makeRequest(next))).json());
  expect(new X509Certificate(both.certificate?.pem ?? '').checkPrivateKey(next)).toBe(true);
  await eventually(async () =>
    expect(await entryOf(id)).toMatchObject({
      former_key: { key: jwkOf(key) },
      former_certificate: { sha256: shaOf(second) },
    }),
  );
  // Of three, the first is superseded; the second one's overlap is not over.
  await eventually(async () => expect(await verify(pem)).toContain('certificate revoked'), {
    timeoutMs: 30_000,
  });
  expect(await verify(second)).toContain(': OK');
  // With the former key nothing is renewed, its certificate neither.
  expect((await renew(id, key, key, csr)).status).toBe(403);
  await admin.gateways.revokeCredentials(id);
  await eventually(async () => expect((await entryOf(id))?.state).toBe('revoked'));
  expect((await entryOf(id))?.former_certificate).toBeUndefined();
  expect((await renew(id, next, next, makeRequest(next))).status).toBe(403);
});

it('a key that is renewed without a request leaves nothing to the certificate of the key before', async () => {
  const { id, key } = await enrolled();
  expect((await renew(id, key, agentKey())).status).toBe(200);
  await eventually(async () => {
    const entry = await entryOf(id);
    expect(entry?.former_key).toBeDefined();
    expect([entry?.certificate_sha256, entry?.former_certificate]).toEqual([undefined, undefined]);
  });
});

it('issues none where that is switched off; opens its authorities by a former key-encryption key and seals them anew', async () => {
  const former = JSON.parse(around.environment['BACKEND_ENCRYPTION_KEY'] ?? '') as object;
  const present = { id: 'present', key: randomBytes(32).toString('base64') };
  const other = await startBackend(around, {
    environment: {
      BACKEND_ENCRYPTION_KEY: JSON.stringify([present, former]),
      BACKEND_AGENT_CERTIFICATE_DAYS: '0',
    },
  });
  const { token } = await newToken();
  const key = agentKey();
  const answer = await enrol(token, key, makeRequest(key), other);
  expect(enrollment.parse(await answer.json()).certificate).toBeUndefined();
  await eventually(async () =>
    expect((await authoritiesStored()).map(({ sealed }) => sealed.kek)).toEqual(['present', 'present']),
  );
  await other.stop();
});

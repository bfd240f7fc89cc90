import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { signRequest } from '@viw/commands';
import { ed25519PublicKey, enrollment, renewal } from '@viw/contracts';
import type { AuthorityPhase, AuthorityPurpose, CertificateAuthority } from '@viw/contracts';
import { CertificateAuthorityRepository } from '@viw/database';
import { makeRequest } from '@viw/pki';
import { createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { authorityGauge } from '../src/private-ca/authority-gauge';
import { CertificateVerifier } from './certificate-verifier';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let other: TestBackend;
let admin: Client;
/** An API client of the other backend, which may do everything. */
let machine: Client;
let verifier: CertificateVerifier;

beforeAll(async () => {
  around = await surroundings();
  [backend, other] = await Promise.all([startBackend(around), startBackend(around)]);
  verifier = await CertificateVerifier.create(backend.url);
  admin = await backend.signIn();
  machine = createClient({
    baseUrl: other.url,
    auth: { kind: 'apiKey', key: await backend.key('admin') },
  });
}, 60_000);
afterAll(async () => {
  await Promise.all([backend?.stop(), other?.stop()]);
  await around?.close();
  await verifier?.close();
});

const refusedWith = (code: string, text = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as unknown;
const all = async (): Promise<CertificateAuthority[]> =>
  (await admin.certificateAuthorities.list()).authorities;
const one = (purpose: AuthorityPurpose, phase: AuthorityPhase): Promise<CertificateAuthority> =>
  eventually(
    async () => {
      const found = (await all()).find((each) => each.purpose === purpose && each.phase === phase);
      if (found === undefined) throw new Error(`no authority for ${purpose} is ${phase}`);
      return found;
    },
    { timeoutMs: 20_000 },
  );
const inUse = ({ id, purpose }: CertificateAuthority): Promise<void> =>
  eventually(async () => expect((await one(purpose, 'in_use')).id).toBe(id), { timeoutMs: 20_000 });
const trusted = async (purpose: AuthorityPurpose): Promise<string[]> => {
  const text = await (await fetch(`${backend.url}/pki/trust/${purpose}.pem`)).text();
  return text.split(/(?<=-----END CERTIFICATE-----\n)/).map(shaOf);
};
const inUseSaid = (): string[] =>
  [...backend.log, ...other.log].filter((line) => line.includes('"event":"certificate_authority_in_use"'));
const shaOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
/** As if the time of the announcement were over. */
const comes = (): Promise<unknown> =>
  sql`UPDATE viw.certificate_authorities SET announced_until = now() WHERE announced_until IS NOT NULL`.execute(
    around.owner,
  );
/** As if the next one had been in use for longer than a former one is trusted at least. */
const passes = (id: string): Promise<unknown> =>
  sql`UPDATE viw.certificate_authorities SET superseded_at = superseded_at - interval '31 days' WHERE id = ${id}`.execute(
    around.owner,
  );

interface Shown {
  readonly id: string;
  readonly key: KeyObject;
  readonly pem: string;
  readonly chain: readonly string[];
}
const post = (path: string, body: unknown, at: TestBackend): Promise<Response> =>
  fetch(at.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const publicOf = (key: KeyObject) => {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return ed25519PublicKey.parse({ kty, crv, x });
};
async function enrol(at = backend): Promise<Shown> {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  const { token } = await admin.gateways.issueEnrollmentToken(id);
  const key = generateKeyPairSync('ed25519').privateKey;
  const signed = { token, public_keys: { agent: publicOf(key) }, csr: makeRequest(key) };
  const answer = await post(
    '/agent/enroll',
    { ...signed, proof: signRequest(key, 'viw-enroll', signed) },
    at,
  );
  const { certificate } = enrollment.parse(await answer.json());
  return { id, key, pem: certificate?.pem ?? '', chain: certificate?.chain ?? [] };
}
/** As agents do it after two thirds of the life of their certificate. */
async function renew({ id, key }: Shown): Promise<Shown> {
  const issued_at = new Date().toISOString();
  const signed = { agent_id: id, next: publicOf(key), issued_at, csr: makeRequest(key) };
  const by = signRequest(key, 'viw-renew', signed);
  const answer = await post('/agent/renew', { ...signed, by_current: by, by_next: by }, backend);
  const { certificate } = renewal.parse(await answer.json());
  return { id, key, pem: certificate?.pem ?? '', chain: certificate?.chain ?? [] };
}

const verdict = async (
  shown: Pick<Shown, 'pem' | 'chain'>,
  trust: string,
  purpose: string,
): Promise<string> => verifier.verifyShown(shown, { authorities: await all(), trust, purpose });
/** Once the lists of all authorities are there. */
const taken = (shown: Pick<Shown, 'pem' | 'chain'>, trust: string, purpose: string): Promise<void> =>
  eventually(async () => expect(await verdict(shown, trust, purpose)).toBe('leaf: OK\n'), {
    timeoutMs: 20_000,
  });
/** Once that backend knows it. */
const enrolBy = ({ id }: CertificateAuthority, at: TestBackend): Promise<Shown> =>
  eventually(
    async () => {
      const shown = await enrol(at);
      if ((await issuedBy(shown)) === id) return shown;
      await admin.gateways.revokeCredentials(shown.id);
      throw new Error('still by the former');
    },
    { timeoutMs: 20_000 },
  );
const issuedBy = async ({ chain }: Shown): Promise<string | undefined> =>
  (await all()).find(({ fingerprint_sha256: sha }) => sha === shaOf(chain[0] ?? ''))?.id;

const order = {
  csr: makeRequest(generateKeyPairSync('ed25519').privateKey),
  profile: 'dual' as const,
  common_name: 'orders',
  dns_names: ['orders.example.org'],
};
const issue = async (id: string): Promise<Pick<Shown, 'pem' | 'chain'> & { serial: string }> => {
  const { certificate, serial } = await admin.certificateAuthorities.issue(id, order);
  return { ...certificate, serial };
};

it('of two backends that rotate at once one makes the next authority of gateways, which is published before it issues', async () => {
  const present = await one('gateway-agents', 'in_use');
  const root = await one('root', 'in_use');
  const outcomes = await Promise.allSettled([
    admin.certificateAuthorities.rotate(present.id),
    machine.certificateAuthorities.rotate(present.id),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find((each) => each.status === 'rejected')?.reason).toEqual(refusedWith('CONFLICT'));
  const next = await one('gateway-agents', 'announced');
  expect(Date.parse(next.announced_until ?? '') - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  expect(await trusted('gateway-agents')).toEqual(
    [present, next, root].map(({ fingerprint_sha256: sha }) => sha),
  );
  await expect(admin.certificateAuthorities.rotate(next.id)).rejects.toEqual(refusedWith('CONFLICT'));
  await expect(admin.certificateAuthorities.end(present.id)).rejects.toEqual(refusedWith('CONFLICT'));
  await expect(admin.certificateAuthorities.end(next.id, { force: true })).rejects.toEqual(
    refusedWith('CONFLICT'),
  );
  expect(await issuedBy(await enrol())).toBe(present.id);
  const metrics = createMetrics('test');
  authorityGauge({ authorities: new CertificateAuthorityRepository({ db: around.owner }), metrics });
  const text = await metrics.getSingleMetricAsString('viw_certificate_authority_seconds_left');
  const left = Number(/purpose="gateway-agents"[^}]*} (\d+)/.exec(text)?.[1]) * 1_000;
  expect(Math.abs(left - (Date.parse(present.not_after) - Date.now()))).toBeLessThan(3_600_000);
});

it('its time come, any backend puts it in use; both count until the former ends, which needs its certificates renewed', async () => {
  const [former, next] = [await one('gateway-agents', 'in_use'), await one('gateway-agents', 'announced')];
  const before = await enrol();
  const gone = await enrol();
  await comes();
  await inUse(next);
  await eventually(async () => expect(inUseSaid()).toHaveLength(1), { timeoutMs: 20_000 });
  // Whatever a backend has in memory, it follows.
  const [after] = [await enrolBy(next, other), await enrolBy(next, backend)];
  for (const shown of [before, after]) await taken(shown, next.trust_path, 'sslclient');

  // Within the overlap it is early; after it, those that are left are named.
  await expect(admin.certificateAuthorities.end(former.id)).rejects.toEqual(
    refusedWith('CONFLICT', 'to be trusted until'),
  );
  await passes(former.id);
  await expect(admin.certificateAuthorities.end(former.id)).rejects.toEqual(
    refusedWith('CONFLICT', before.id),
  );
  const renewed = await renew(before);
  expect(await issuedBy(renewed)).toBe(next.id);
  // For a day hubs take the former certificate, too.
  await sql`UPDATE viw.gateway_credentials SET overlap_until = now() WHERE overlap_until > now()`.execute(
    around.owner,
  );
  await admin.gateways.revokeCredentials(gone.id);
  expect(await verifier.ocsp(gone.pem, former)).toMatch(/^leaf: revoked\n/);
  expect(await verifier.ocsp(renewed.pem, next)).toMatch(/^leaf: good\n/);
  const left = (await one('gateway-agents', 'former')).valid_certificates;
  // Of the test before.
  expect(left).toBe(1);
  await expect(machine.certificateAuthorities.end(former.id, { force: true })).rejects.toEqual(
    refusedWith('FORBIDDEN'),
  );
  const ended = await admin.certificateAuthorities.end(former.id, { force: true });
  expect(ended).toMatchObject({ phase: 'ended', ended_at: expect.any(String) as string });
  expect(await trusted('gateway-agents')).not.toContain(former.fingerprint_sha256);
  await taken(renewed, next.trust_path, 'sslclient');
  const { rows } = await sql<{ detail: object }>`SELECT detail FROM viw.audit_log
    WHERE object_id = ${former.id} AND action = 'ca.end'`.execute(around.owner);
  expect(rows.map(({ detail }) => detail)).toEqual([
    { force: true, cut_off: [expect.stringMatching(/^1 certificates are valid/)] },
  ]);
});

it('the next root: who trusts the former alone is shown the way; the former ends when nothing below it is left', async () => {
  const former = await one('root', 'in_use');
  const services = await admin.certificateAuthorities.create({ purpose: 'services' });
  const before = await issue(services.id);
  await admin.certificateAuthorities.rotate(former.id);
  const next = await one('root', 'announced');
  expect(next.subject).toBe(former.subject);
  expect(await trusted('root')).toEqual([former.fingerprint_sha256, next.fingerprint_sha256]);
  // A key has leaked, or everybody has it sooner.
  await expect(machine.certificateAuthorities.rotate(former.id, { announce_s: 0 })).rejects.toEqual(
    refusedWith('FORBIDDEN', 'administrator'),
  );
  const sooner = await admin.certificateAuthorities.rotate(former.id, { announce_s: 0 });
  expect(sooner).toMatchObject({ id: next.id, phase: 'in_use' });
  await expect(admin.certificateAuthorities.rotate(next.id)).rejects.toEqual(
    refusedWith('CONFLICT', 'has not ended'),
  );

  const below = await admin.certificateAuthorities.rotate(services.id);
  expect(below.issuer_id).toBe(next.id);
  const after = await issue(below.id);
  expect(after.chain).toHaveLength(2);
  for (const trust of [former.certificate_path, next.certificate_path, next.trust_path])
    await taken(after, trust, 'sslserver');
  for (const trust of [former.certificate_path, next.trust_path]) await taken(before, trust, 'sslserver');
  expect(await verdict(before, next.certificate_path, 'sslserver')).not.toContain(': OK');
  expect(await verifier.ocsp(after.chain[1] ?? '', former)).toContain('leaf: good');
  expect(await verifier.ocsp(after.chain[0] ?? '', next)).toContain('leaf: good');

  await passes(former.id);
  await expect(admin.certificateAuthorities.end(former.id)).rejects.toEqual(
    refusedWith('CONFLICT', 'the authority for gateway-agents'),
  );
  const agents = await one('gateway-agents', 'in_use');
  await admin.certificateAuthorities.rotate(agents.id, { announce_s: 0 });
  const gateway = await enrol();
  for (const trust of [former.certificate_path, next.certificate_path])
    await taken(gateway, trust, 'sslclient');
  await expect(admin.certificateAuthorities.end(former.id)).rejects.toEqual(
    refusedWith('CONFLICT', `${services.id} is below it, with 1 valid certificates`),
  );
  await admin.certificateAuthorities.revoke(services.id, { serial: before.serial, reason: 'superseded' });
  const { rows } = await sql<{ agent_id: string }>`SELECT DISTINCT agent_id FROM viw.issued_certificates
    WHERE authority_id = ${agents.id}`.execute(around.owner);
  for (const { agent_id: id } of rows) await admin.gateways.revokeCredentials(id);
  expect(await admin.certificateAuthorities.end(former.id)).toMatchObject({ phase: 'ended' });
  expect(await trusted('root')).toEqual([next.fingerprint_sha256]);
  expect((await issue(below.id)).chain).toHaveLength(1);
});

it('an authority that is ended is revoked by its issuer: its certificates count for nobody who reads lists or asks', async () => {
  const [stolen, root] = [await one('services', 'in_use'), await one('root', 'in_use')];
  const leaf = await issue(stolen.id);
  await taken(leaf, root.trust_path, 'sslserver');
  const next = await admin.certificateAuthorities.rotate(stolen.id);
  await admin.certificateAuthorities.end(stolen.id, { force: true });
  expect(await verifier.ocsp(leaf.chain[0] ?? '', root)).toMatch(/^leaf: revoked\n/);
  await eventually(async () =>
    expect(await verdict(leaf, root.trust_path, 'sslserver')).toMatch(
      /at 1 depth lookup: certificate revoked/,
    ),
  );
  await taken(await issue(next.id), root.trust_path, 'sslserver');
});

it('five former authorities of a purpose are the most that wait for their end', async () => {
  const former = async () =>
    (await all()).filter(({ purpose, phase }) => purpose === 'services' && phase === 'former');
  const turn = async () => admin.certificateAuthorities.rotate((await one('services', 'in_use')).id);
  while ((await former()).length < 5) await turn();
  await expect(turn()).rejects.toEqual(refusedWith('CONFLICT', 'end the oldest first'));
  await admin.certificateAuthorities.end((await former())[0]?.id ?? '', { force: true });
  await turn();
});

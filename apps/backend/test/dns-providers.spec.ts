import type { Client } from '@viw/client';
import { ManualRecordRepository } from '@viw/database';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;
beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.as('admin');
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const token = 'canary-of-a-dns-token-7f3a';
const cloudflare = (name: string) => ({
  kind: 'cloudflare' as const,
  name,
  zones: ['Example.ORG'],
  secret: { api_token: token },
});

async function everything(): Promise<string> {
  const { rows } = await sql<{ text: string }>`SELECT t::text AS text FROM viw.dns_providers t
    UNION ALL SELECT a::text FROM viw.audit_log a UNION ALL SELECT i::text FROM viw.idempotency_keys i`.execute(
    around.owner,
  );
  return rows.map(({ text }) => text).join('\n');
}

test('a secret goes in and never comes out', async () => {
  const made = await admin.dnsProviders.create(cloudflare('main'), { idempotencyKey: 'main-1' });
  expect(made).toMatchObject({ kind: 'cloudflare', zones: ['example.org'], settings: {} });
  expect(await admin.dnsProviders.create(cloudflare('main'), { idempotencyKey: 'main-1' })).toEqual(made);
  const seen = [made, await admin.dnsProviders.get(made.id), await admin.dnsProviders.list()];
  expect(JSON.stringify(seen)).not.toContain(token);
  expect(await everything()).not.toContain(token);
  await expect(admin.dnsProviders.create(cloudflare('main'))).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  });
  // Its account in Postgres could not read it either.
  await expect(
    sql`SET ROLE viw_backend; SELECT sealed FROM viw.dns_providers`.execute(around.owner),
  ).rejects.toThrow(/permission denied/);
});

test('name and zones change alone; an address only with its secret, which it would be told', async () => {
  const settings = { url: 'https://dns.example.org/hook' };
  const secret = { signing_key: Buffer.alloc(32, 7).toString('base64') };
  const { id } = await admin.dnsProviders.create({
    kind: 'webhook',
    name: 'hook',
    zones: ['example.com'],
    settings,
    secret,
  });
  expect(await admin.dnsProviders.update(id, { name: 'hook 2', zones: ['example.net'] })).toMatchObject({
    name: 'hook 2',
    zones: ['example.net'],
    settings,
  });
  const elsewhere = { url: 'https://evil.example.org/' };
  await expect(admin.dnsProviders.update(id, { settings: elsewhere })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: expect.stringContaining('told to no other address') as string,
  });
  const other = { signing_key: Buffer.alloc(32, 8).toString('base64') };
  expect(await admin.dnsProviders.update(id, { settings: elsewhere, secret: other })).toMatchObject({
    settings: elsewhere,
  });
  expect(await everything()).not.toContain(other.signing_key);
  await admin.dnsProviders.delete(id);
  await expect(admin.dnsProviders.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each([
  ['plain HTTP', 'http://dns.example.org/'],
  ['this machine', 'http://127.0.0.1:9/'],
  ['this machine by HTTPS', 'https://localhost/'],
  ['a password in it', 'https://user:canary@dns.example.org/'],
  ['another protocol', 'file:///etc/passwd'],
  ['nothing that is one', 'dns.example.org'],
])('no address with %s', async (_, url) => {
  const secret = { signing_key: Buffer.alloc(32, 7).toString('base64') };
  const made = admin.dnsProviders.create({
    kind: 'webhook',
    name: 'refused',
    zones: ['example.org'],
    settings: { url },
    secret,
  });
  await expect(made).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

test.each(['127.0.0.1:53', '[::1]:53'])('no name server at %s, which is this machine', async (server) => {
  const made = admin.dnsProviders.create({
    kind: 'rfc2136',
    name: 'refused',
    zones: ['example.org'],
    settings: { server },
    secret: { tsig_key: 'hmac-sha256:name:c2VjcmV0c2VjcmV0' },
  });
  await expect(made).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: 'settings.server: names the machine itself',
  });
});

test('one that sets what it is told to has a zone at least; those of before go on, and are told of', async () => {
  const refused = {
    code: 'VALIDATION_FAILED',
    message: expect.stringContaining('without any it would set records wherever') as string,
  };
  const { zones: _, ...without } = cloudflare('nowhere');
  await expect(admin.dnsProviders.create({ ...without, zones: [] })).rejects.toMatchObject(refused);
  await expect(admin.dnsProviders.create(without as never)).rejects.toMatchObject(refused);
  const { id } = await admin.dnsProviders.create(cloudflare('of before'));
  await expect(admin.dnsProviders.update(id, { zones: [] })).rejects.toMatchObject(refused);
  const unbounded = async () => (await admin.system.state()).dns_providers_without_zones;
  expect(await unbounded()).toEqual([]);

  await sql`UPDATE viw.dns_providers SET zones = '{}' WHERE id = ${id}`.execute(around.owner);
  await admin.dnsProviders.create({ kind: 'manual', name: 'by a person' });
  expect(await unbounded()).toEqual([{ id, name: 'of before' }]);
  expect(await admin.dnsProviders.update(id, { name: 'renamed' })).toMatchObject({ zones: [] });
  await admin.dnsProviders.update(id, { zones: ['example.org'] });
  expect(await unbounded()).toEqual([]);
});

test('a certificate names its provider, which then stays', async () => {
  const { id } = await admin.dnsProviders.create({ kind: 'manual', name: 'by hand' });
  const wanted = { names: ['hand.example.org'], challenge: 'dns-01' as const, dns_provider_id: id };
  const { certificate_id } = await admin.certificates.create(wanted);
  expect(await admin.certificates.get(certificate_id)).toMatchObject({ dns_provider_id: id });
  await expect(admin.dnsProviders.delete(id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(admin.certificates.create({ ...wanted, challenge: 'http-01' })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  const nobody = '01936b2e-0000-7000-8000-000000000001';
  await expect(admin.certificates.create({ ...wanted, dns_provider_id: nobody })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('what a person is to set is shown, and asked for again at once when somebody says that it is done', async () => {
  const { operation_id: id } = await admin.certificates.create({
    names: ['set.example.org'],
    challenge: 'dns-01',
  });
  await expect(admin.operations.confirmRecords(id)).rejects.toMatchObject({ code: 'CONFLICT' });
  const record = { name: 'set.example.org', record: '_acme-challenge.set.example.org', value: 'value' };
  await new ManualRecordRepository({ db: around.owner }).ask(id, record, 3_600);
  expect((await admin.operations.get(id)).manual_records).toEqual([
    { ...record, state: 'waiting', expires_at: expect.any(String) as string },
  ]);
  const requests = async () =>
    (await sql`SELECT 1 FROM viw.outbox WHERE body ->> 'operation_id' = ${id}`.execute(around.owner)).rows
      .length;
  const before = await requests();
  const operator = await backend.as('operator');
  expect((await operator.operations.confirmRecords(id)).manual_records).toMatchObject([
    { state: 'confirmed' },
  ]);
  expect(await requests()).toBeGreaterThan(before);
});

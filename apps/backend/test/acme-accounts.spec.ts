import type { Client } from '@viw/client';
import { AccountWorkRepository } from '@viw/database';
import { openBindingKey, SecretBox, zEncryptionKeys } from '@viw/secrets';
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
  admin = await backend.signIn();
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const terms = { terms_agreed: true } as const;
const hmacKey = Buffer.alloc(32, 9).toString('base64url');
const refusal = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => new Error('accepted'),
    (refused: Error) => refused,
  );
  return error as Error & { code: string };
};

it('makes an account that a cert-worker is to register; its secrets go in and never come out', async () => {
  const account = await admin.acmeAccounts.create({
    ...terms,
    issuer: 'zerossl',
    contact: ['mailto:ops@example.org'],
    external_account_binding: { kid: 'kid-7', hmac_key: hmacKey },
    profile: 'classic',
  });
  expect(account).toMatchObject({
    issuer: 'zerossl',
    label: 'ZeroSSL',
    directory_url: 'https://acme.zerossl.com/v2/DV90',
    state: 'registering',
    read_only: false,
    eab_kid: 'kid-7',
    key_type: 'ec-p256',
    failure: null,
  });
  const work = await new AccountWorkRepository({ db: around.owner }).take(60);
  expect(work).toMatchObject({ id: account.id, wanted: 'register', key_sealed: null });
  const box = new SecretBox({ keys: zEncryptionKeys().parse(around.environment['BACKEND_ENCRYPTION_KEY']) });
  expect(openBindingKey(box, account.id, work?.eab_key_sealed)).toBe(hmacKey);

  const list = await admin.acmeAccounts.list();
  expect(list.items.map(({ id }) => id)).toContain(account.id);
  const { rows } = await sql<{ text: string }>`SELECT detail::text AS text FROM viw.audit_log`.execute(
    around.owner,
  );
  const told = JSON.stringify([list, await admin.acmeAccounts.get(account.id), rows, backend.log]);
  expect(told).not.toContain(hmacKey);
  expect(told).not.toContain('sealed');

  const again = admin.acmeAccounts.create({
    ...terms,
    issuer: 'zerossl',
    external_account_binding: { kid: 'k', hmac_key: hmacKey },
  });
  expect((await refusal(again)).code).toBe('ALREADY_EXISTS');
});

it.each([
  [
    'a built-in one without its binding',
    { issuer: 'google-trust-services' },
    /asks for an external account binding/,
  ],
  ['one of an unknown address', { issuer: 'company-ca' }, /the ACME directory of the CA/],
  [
    'another address of a built-in one',
    { issuer: 'letsencrypt', directory_url: 'https://evil.example/' },
    /choose another name/,
  ],
  ['a reserved name', { issuer: 'private-ca' }, /none of acme/],
  ['this machine', { issuer: 'company-ca', directory_url: 'https://127.0.0.1:9/dir' }, /the machine itself/],
  [
    'this machine by name',
    { issuer: 'company-ca', directory_url: 'https://localhost/' },
    /the machine itself/,
  ],
  ['plain HTTP', { issuer: 'company-ca', directory_url: 'http://ca.example/' }, /https/],
])('refuses %s', async (_, input, words) => {
  const error = await refusal(admin.acmeAccounts.create({ ...terms, ...input }));
  expect(error.code).toBe('VALIDATION_FAILED');
  expect(JSON.stringify(error) + error.message).toMatch(words);
});

it('an account in use stays; one that is not is to be deactivated, and nothing is issued by it any more', async () => {
  const { id } = await admin.acmeAccounts.create({
    ...terms,
    issuer: 'company-ca',
    label: 'Our CA',
    directory_url: 'https://ca.example/directory',
    directory_ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  });
  const order = { names: ['in.example.org'], issuer: 'company-ca' };
  const { certificate_id } = await admin.certificates.create(order);
  const used = await refusal(admin.acmeAccounts.remove(id));
  expect(used).toMatchObject({ code: 'CONFLICT' });
  expect(used.message).toContain('1 certificates are issued by company-ca');
  expect(await admin.acmeAccounts.change(id, { label: null, profile: 'short' })).toMatchObject({
    label: 'ca.example',
    profile: 'short',
    directory_url: 'https://ca.example/directory',
  });
  await sql`UPDATE viw.certificates SET deleted_at = now() WHERE id = ${certificate_id}`.execute(
    around.owner,
  );
  expect((await admin.acmeAccounts.remove(id)).state).toBe('deactivating');
  expect((await refusal(admin.certificates.create(order))).code).toBe('VALIDATION_FAILED');
  expect((await refusal(admin.acmeAccounts.change(id, { label: 'x' }))).code).toBe('CONFLICT');
});

it('what the configuration of cert-workers has made is read-only', async () => {
  const { rows } = await sql<{ id: string }>`INSERT INTO viw.acme_accounts (id, directory_url, key_sealed)
    VALUES (gen_random_uuid(), 'https://old.example/dir', '{}') RETURNING id`.execute(around.owner);
  const { id } = rows[0]!;
  expect(await admin.acmeAccounts.get(id)).toMatchObject({
    issuer: 'acme',
    read_only: true,
    state: 'unused',
  });
  expect(await refusal(admin.acmeAccounts.change(id, { label: 'x' }))).toMatchObject({ code: 'CONFLICT' });
  expect(await refusal(admin.acmeAccounts.remove(id))).toMatchObject({ code: 'CONFLICT' });
});

it('certificates: an unknown issuer and what cannot be proved are refused in words; addresses are canonical', async () => {
  const unknown = await refusal(admin.certificates.create({ names: ['a.example.org'], issuer: 'nobody' }));
  expect(unknown.message).toMatch(
    /there is no issuer nobody, only acme, private-ca.*POST \/api\/v1\/acme-accounts/,
  );
  const dns = await refusal(admin.certificates.create({ names: ['192.0.2.1'], challenge: 'dns-01' }));
  expect(dns.message).toContain('an IP address cannot be proved by dns-01');
  const wild = await refusal(admin.certificates.create({ names: ['*.example.org'] }));
  expect(wild.message).toContain('only by dns-01');
  const { certificate_id } = await admin.certificates.create({
    names: ['2001:DB8::0:1', '2001:db8::1', '192.0.2.1'],
  });
  expect((await admin.certificates.get(certificate_id)).names).toEqual(['2001:db8::1', '192.0.2.1']);
  await admin.certificates.create({ names: ['*.example.org'], issuer: 'private-ca' });
});

it('a scope of domains holds no addresses, whatever their ends look like', async () => {
  // As an older version has stored it: today no domain ends in a number.
  const key = await backend.as('operator', { certificates: { domains: ['example.com', '192.0.2.9'] } });
  await sql`UPDATE viw.api_clients SET scope = jsonb_set(scope, '{certificates,domains}', '["example.com", "192.0.2.9", "0.2.1"]')
    WHERE scope IS NOT NULL`.execute(around.owner);
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (gen_random_uuid(), '{198.0.2.1}', 'acme', 'http-01', 'ec-p256', 'test')`.execute(around.owner);
  expect((await refusal(key.certificates.create({ names: ['198.0.2.1'] }))).code).toBe('FORBIDDEN');
  expect((await key.certificates.list()).items).toEqual([]);
  await key.certificates.create({ names: ['www.example.com', '192.0.2.9'] });
  expect((await key.certificates.list()).items).toHaveLength(1);
});

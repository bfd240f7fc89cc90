import { X509Certificate, createHash, randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { makeIntermediate, makeRoot, openAuthority } from '@viw/pki';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { surroundings } from './surroundings';
import type { Surroundings } from './surroundings';
import { startBackend } from './test-backend';
import type { TestBackend } from './test-backend';

// Somebody writes to Postgres, and has no key-encryption key.
let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let forgedRoot: string;
let forgedWeb: string;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
  const about = { commonName: 'viw root', organization: 'Viworks', now: Date.now() };
  const top = await makeRoot(about);
  forgedRoot = top.pem;
  forgedWeb = (await makeIntermediate(about, await openAuthority(top.pem, top.privateKey))).pem;
});
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

async function plant(purpose: string, pem: string, more: { sealed: string | null; former: boolean }) {
  const id = randomUUID();
  const { raw, validFrom, validTo } = new X509Certificate(pem);
  await sql`INSERT INTO viw.certificate_authorities
      (id, purpose, subject, pem, fingerprint_sha256, not_before, not_after, sealed, superseded_at)
    VALUES (${id}, ${purpose}, 'CN=planted', ${pem}, ${createHash('sha256').update(raw).digest('hex')},
      ${new Date(validFrom).toISOString()}, ${new Date(validTo).toISOString()}, ${more.sealed},
      ${more.former ? new Date().toISOString() : null})`.execute(around.owner);
  return id;
}
const trusted = (purpose: string): Promise<Response> => fetch(`${backend.url}/pki/trust/${purpose}.pem`);

const published = (id: string): Promise<Response> => fetch(`${backend.url}/pki/ca/${id}.pem`);

it('a root that no key of viw vouches for is published nowhere, and stops nothing', async () => {
  const own = await (await trusted('root')).text();
  const planted = await plant('root', forgedRoot, { sealed: '{}', former: true });
  await eventually(() =>
    expect(backend.log.join('')).toMatch(
      new RegExp(`"event":"certificate_authority_unreadable","authority_id":"${planted}"`),
    ),
  );
  expect(await (await trusted('root')).text()).toBe(own);
  expect(await (await trusted('gateway-agents')).text()).not.toContain(forgedRoot);
  expect((await published(planted)).status).toBe(404);
  // Others are still made, listed and rotated.
  const made = await admin.certificateAuthorities.create({ purpose: 'services' });
  const next = await admin.certificateAuthorities.rotate(made.id);
  await eventually(async () =>
    expect((await admin.certificateAuthorities.list()).authorities).toContainEqual(
      expect.objectContaining({
        id: next.id,
        phase: 'in_use',
        revocation_list: expect.any(Object) as unknown,
      }),
    ),
  );
});

it('an authority for web servers that no root has signed is neither published nor certified anew', async () => {
  const planted = await plant('web-services', forgedWeb, { sealed: null, former: false });
  expect((await trusted('web-services')).status).toBe(404);
  expect((await published(planted)).status).toBe(404);
  await expect(admin.certificateAuthorities.rotate(planted)).rejects.toMatchObject({ code: 'CONFLICT' });
});

it('an authority is published with the root that has signed it, whatever its row says', async () => {
  const { authorities } = await admin.certificateAuthorities.list();
  const { id = '' } = authorities.find(({ purpose }) => purpose === 'services') ?? {};
  const before = await (await published(id)).text();
  expect(before.endsWith(await (await trusted('root')).text())).toBe(true);
  const forged = authorities.find(({ subject }) => subject === 'CN=planted')?.id;
  for (const issuer of [id, forged]) {
    await sql`UPDATE viw.certificate_authorities SET issuer_id = ${issuer} WHERE id = ${id}`.execute(
      around.owner,
    );
    expect(await (await published(id)).text()).toBe(before);
  }
});

it('a certificate of somebody else behind that of a former authority is not published', async () => {
  const made = await admin.certificateAuthorities.create({ purpose: 'database-services' });
  await admin.certificateAuthorities.rotate(made.id);
  await sql`UPDATE viw.certificate_authorities SET pem = pem || ${forgedRoot} WHERE id = ${made.id}`.execute(
    around.owner,
  );
  const agents = await (await trusted('gateway-agents')).text();
  await sql`UPDATE viw.certificate_authorities SET pem = rtrim(pem, E'\\n') WHERE purpose = 'gateway-agents'`.execute(
    around.owner,
  );
  // One that has read nothing before.
  const other = await startBackend(around);
  try {
    const answer = await fetch(`${other.url}/pki/trust/database-services.pem`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain(forgedRoot);
    // Nor does a missing end of a line spoil the file.
    expect(await (await fetch(`${other.url}/pki/trust/gateway-agents.pem`)).text()).toBe(agents);
  } finally {
    await other.stop();
  }
});

it.each([
  ['an authority for services that no key opens, though in use', 'services', '{}'],
  ['one for web servers whose certificate is none', 'web-services', null],
])('%s stops no other', async (_what, purpose, sealed) => {
  await sql`DELETE FROM viw.certificate_authorities WHERE purpose = ${purpose}`.execute(around.owner);
  const { pem } = await makeRoot({ commonName: 'viw root', organization: 'Viworks', now: Date.now() });
  const id = await plant(purpose, pem, { sealed, former: false });
  if (sealed === null)
    await sql`UPDATE viw.certificate_authorities SET pem = 'none' WHERE id = ${id}`.execute(around.owner);
  const other = await startBackend(around);
  try {
    expect((await fetch(`${other.url}/pki/trust/root.pem`)).status).toBe(200);
    expect((await fetch(`${other.url}/pki/trust/${purpose}.pem`)).status).toBe(404);
  } finally {
    await other.stop();
    await sql`DELETE FROM viw.certificate_authorities WHERE id = ${id}`.execute(around.owner);
  }
});

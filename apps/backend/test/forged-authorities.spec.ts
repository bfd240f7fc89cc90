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
  await expect(admin.certificateAuthorities.rotate(planted)).rejects.toMatchObject({ code: 'CONFLICT' });
});

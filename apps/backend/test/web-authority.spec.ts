import { X509Certificate } from 'node:crypto';
import type { Client } from '@viw/client';
import { WebAuthorityRepository } from '@viw/database';
import { openAuthority, requestAuthority } from '@viw/pki';
import { uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backends: TestBackend[];
let admin: Client;
beforeAll(async () => {
  around = await surroundings();
}, 60_000);
afterAll(async () => {
  await Promise.all((backends ?? []).map((backend) => backend.stop()));
  await around?.close();
});

const stored = () => new WebAuthorityRepository({ db: around.owner });

it('a request that is none is certified by nobody, and said once', async () => {
  await stored().request(uuidv7(), '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n', {});
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
  await stored().request(id, request, {});
  backends = await Promise.all([startBackend(around), startBackend(around)]);
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
  await openAuthority(pem, privateKey);
  const { rows } = await sql`SELECT sealed FROM viw.certificate_authorities WHERE id = ${id}`.execute(
    around.owner,
  );
  expect(rows).toEqual([{ sealed: null }]);

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

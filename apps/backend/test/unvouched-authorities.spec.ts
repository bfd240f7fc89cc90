import { X509Certificate } from 'node:crypto';
import {
  certifyServerAuthority,
  makeIntermediate,
  makeRoot,
  openAuthority,
  requestAuthority,
} from '@viw/pki';
import type { Authority } from '@viw/pki';
import { uuidv7 } from '@viw/runtime';
import { SecretBox, confirmAuthorityRequest, generateKek } from '@viw/secrets';
import type { Kek, SealedSecret } from '@viw/secrets';
import { sql } from 'kysely';
import { authoritiesBelow } from '../src/private-ca/authorities-below';
import { isInUse } from '../src/private-ca/authority-phase';
import { authorityContext } from '../src/private-ca/sealed-authority';
import { vouchedAuthorities } from '../src/private-ca/vouched-authorities';
import { AuthorityStage } from './authority-stage';

// Somebody writes to Postgres, and has no key-encryption key.
let stage: AuthorityStage;
let foreign: { readonly root: Authority; readonly below: string };
const named = (commonName: string) => ({ commonName, organization: 'Viworks', now: Date.now() });

beforeAll(async () => {
  stage = await AuthorityStage.create();
  await stage.backend().ca.ensure('services');
  const { pem, privateKey } = await makeRoot(named('viw root 00000000'));
  const root = await openAuthority(pem, privateKey);
  foreign = { root, below: (await makeIntermediate(named('viw gateway agents 00000000'), root)).pem };
});
afterAll(() => stage?.db.destroy());

const certified = async (id: string) =>
  (await stage.rows()).rows.some((row) => row.id === id && row.purpose === 'web-services');

it('a request is certified by nobody until who holds the key-encryption key has confirmed it, and said once', async () => {
  const { webAuthorities } = stage.store.repositories;
  const { certifier, told } = stage.backend();
  const id = uuidv7();
  const { request } = await requestAuthority();
  const requestSealed = confirmAuthorityRequest(stage.box, id, (await requestAuthority()).request);
  await webAuthorities.request({ id, request, requestSealed, keySealed: {} });
  for (let turn = 0; turn < 2; turn++) await certifier.run();
  await sql`UPDATE viw.authority_requests SET request_sealed = NULL`.execute(stage.db);
  await certifier.run();
  expect(await certified(id)).toBe(false);
  expect(told('authority_request_refused')).toEqual([
    expect.stringContaining('nobody who holds the key-encryption key has confirmed the request'),
  ]);
  // The cert-worker whose key it is does so yet.
  await webAuthorities.confirm(id, request, confirmAuthorityRequest(stage.box, id, request));
  await certifier.run();
  expect(await certified(id)).toBe(true);
  // A certificate of a root is no web authority for that alone.
  const { rows, present } = await stage.rows();
  const open = await stage.backend().ca.authorities();
  expect(vouchedAuthorities(rows, open)).toHaveLength(rows.length);
  const swapped = rows.map((row) => (row.id === id ? { ...row, pem: present('gateway-agents').pem } : row));
  expect(vouchedAuthorities(swapped, open).map((row) => row.id)).not.toContain(id);
  await stage.remove(id);
});

it('an announced authority that no key opens takes nobody’s place, is told, and keeps no other one waiting', async () => {
  const { rotation, told, unvouched } = stage.backend();
  const { present } = await stage.rows();
  const [root, gateways] = [present('root'), present('gateway-agents')];
  expect(await unvouched('gateway-agents')).toBe(0);
  const planted = await stage.plant({ purpose: 'gateway-agents', pem: foreign.below, announced: true });
  const rotate = (id: string, announceS?: number) =>
    stage.store.transaction((repositories) => rotation.begin(repositories, id, announceS, true));
  const next = await rotate(root.id, 0);
  for (let turn = 0; turn < 2; turn++) await rotation.advance();
  const after = (await stage.rows()).present;
  expect([after('root').id, after('gateway-agents').id]).toEqual([next, gateways.id]);
  expect(told('certificate_authority_not_activated')).toEqual([expect.stringContaining(planted)]);
  expect(told('certificate_authority_unreadable')).toEqual([expect.stringContaining(planted)]);
  expect(await unvouched('gateway-agents')).toBe(1);
  expect(await unvouched('root')).toBe(0);
  for (const announceS of [undefined, 0])
    await expect(rotate(gateways.id, announceS)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `No key opens the announced authority ${planted}`,
    });
  await stage.remove(planted);
  expect(await rotate(gateways.id, 0)).toBe((await stage.rows()).present('gateway-agents').id);
});

it('what is no certificate of its issuer, or none at all, stops no list and stands on none', async () => {
  const { lists, ca, unvouched, told } = stage.backend();
  const root = (await stage.rows()).present('root');
  const below = async () => authoritiesBelow(root, (await stage.rows()).rows);
  const before = await below();
  const planted = await stage.plant({ purpose: 'services', pem: foreign.below, issuerId: root.id });
  const { id: services } = (await stage.rows()).present('services');
  await sql`UPDATE viw.certificate_authorities SET former_pems = ARRAY['none', ${foreign.below}]
    WHERE id = ${services}`.execute(stage.db);
  expect(await below()).toEqual(before);
  await sql`UPDATE viw.certificate_authorities SET pem = 'none', ended_at = now() WHERE id = ${planted}`.execute(
    stage.db,
  );
  expect(await below()).toEqual(before);
  await sql`UPDATE viw.certificate_authorities SET crl = NULL, crl_number = 0, crl_digest = NULL`.execute(
    stage.db,
  );
  await lists.refresh();
  const listed = (await stage.rows()).rows.filter((row) => row.crl_number > 0).map((row) => row.id);
  expect(listed.sort()).toEqual((await ca.authorities()).map(({ record }) => record.id).sort());
  expect(await unvouched('services')).toBe(2);
  expect(told('certificate_authority_unreadable')).toHaveLength(1);
  await stage.remove(planted);
  await sql`UPDATE viw.certificate_authorities SET former_pems = '{}'`.execute(stage.db);
});

it('a word for the next root that the former has not given is shown by nobody', async () => {
  const { present } = await stage.rows();
  const [root, { id }] = [present('root'), present('gateway-agents')];
  const shown = async () => (await stage.backend().ca.authority(id))?.chain.length;
  expect(await shown()).toBe(2);
  for (const text of ['none', foreign.below, `${root.cross_pem}${foreign.below}`]) {
    await sql`UPDATE viw.certificate_authorities SET cross_pem = ${text} WHERE id = ${root.id}`.execute(
      stage.db,
    );
    expect(await shown()).toBe(1);
    expect(await stage.backend().unvouched('root')).toBe(1);
  }
  await sql`UPDATE viw.certificate_authorities SET cross_pem = ${root.cross_pem} WHERE id = ${root.id}`.execute(
    stage.db,
  );
  expect(await shown()).toBe(2);
});

it('of the present gateway authority, without which nothing is published, every purpose tells', async () => {
  const { id, sealed } = (await stage.store.repositories.certificateAuthorities.sealed()).find(
    (row) => row.purpose === 'gateway-agents' && isInUse(row),
  )!;
  const seal = (text: string) =>
    sql`UPDATE viw.certificate_authorities SET sealed = ${text}::jsonb WHERE id = ${id}`.execute(stage.db);
  await seal('{}');
  const { ca, unvouched } = stage.backend();
  await expect(ca.authorities()).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  const { rows } = await stage.rows();
  for (const purpose of ['root', 'gateway-agents', 'services'])
    expect(await unvouched(purpose)).toBe(rows.filter((row) => row.purpose === purpose).length);
  await seal(JSON.stringify(sealed));
  await ca.refresh();
  expect(await unvouched('gateway-agents')).toBe(0);
});

it.each([
  ['not_after', 'infinity'],
  ['ended_at', '0001-01-01 BC'],
  ['crl_number', '9007199254740992'],
])(
  'nobody writes a row whose %s is %s, for which nothing of all rows could be read',
  async (column, value) => {
    const row = sql`UPDATE viw.certificate_authorities SET ${sql.ref(column)} = ${sql.lit(value)} WHERE purpose = 'services'`;
    await expect(row.execute(stage.db)).rejects.toMatchObject({ code: '23514' });
  },
);

it('a list that cannot be made is told, and the others are made', async () => {
  const { present } = await stage.rows();
  const [root, services] = [present('root').id, present('services').id];
  const { lists, told } = stage.backend([stage.kek], ({ serviceCertificates }) => ({
    serviceCertificates: Object.assign(Object.create(serviceCertificates) as typeof serviceCertificates, {
      listed: (id: string) =>
        id === root ? Promise.reject(new RangeError('Invalid time value')) : serviceCertificates.listed(id),
    }),
  }));
  await sql`UPDATE viw.certificate_authorities SET crl = NULL, crl_number = 0, crl_digest = NULL`.execute(
    stage.db,
  );
  await expect(lists.refresh()).rejects.toThrow('Invalid time value');
  const { rows } = await stage.rows();
  const numberOf = (id: string) => rows.find((row) => row.id === id)?.crl_number;
  expect(numberOf(root)).toBe(0);
  expect(numberOf(services)).toBeGreaterThan(0);
  expect(told('revocation_list_failed')).toEqual([expect.stringContaining(root)]);
});

describe('the key of an authority', () => {
  const move = (id: string, purpose: string, pem: string) =>
    sql`UPDATE viw.certificate_authorities SET purpose = ${purpose}, pem = ${pem} WHERE id = ${id}`.execute(
      stage.db,
    );
  const sealedOf = async (id: string) =>
    (await stage.store.repositories.certificateAuthorities.sealed()).find((row) => row.id === id)!
      .sealed as SealedSecret;
  const isOpen = async (id: string, keys?: [Kek, ...Kek[]]) =>
    (await stage.backend(keys).ca.authority(id)) !== undefined;
  const unbound = (id: string) => ({ purpose: 'certificate-authority.private', id });
  /** As before purposes were bound. */
  const sealFormerly = async (id: string, key: string) => {
    const sealed = JSON.stringify(stage.box.seal(key, unbound(id)));
    await sql`UPDATE viw.certificate_authorities SET sealed = ${sealed}::jsonb WHERE id = ${id}`.execute(
      stage.db,
    );
  };
  let id: string;
  let pem: string;
  let key: string;
  beforeAll(async () => {
    // A former one, so that nothing else stops when it does not open.
    const row = (await stage.rows()).present('services');
    ({ id, pem } = row);
    await sql`UPDATE viw.certificate_authorities SET superseded_at = now() WHERE id = ${id}`.execute(
      stage.db,
    );
    key = stage.box.openText(await sealedOf(id), authorityContext(row));
  });
  /** A certificate for the same key, which names another purpose, by somebody else's root. */
  const renamed = async (name = 'viw gateway agents 00000000') => {
    const publicKey = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
    return (await certifyServerAuthority(named(name), { publicKey }, foreign.root)).pem;
  };

  it('opens for the purpose that it was sealed for alone', async () => {
    expect(await isOpen(id)).toBe(true);
    const sealed = await sealedOf(id);
    const asAnother = authorityContext({ id, purpose: 'gateway-agents' });
    expect(() => stage.box.openText(sealed, asAnother)).toThrow(/sealed for another record/);
    for (const other of [pem, await renamed()]) {
      await move(id, 'gateway-agents', other);
      expect(await isOpen(id)).toBe(false);
    }
    await move(id, 'services', pem);
    expect(await isOpen(id)).toBe(true);
  });

  it('opens for no certificate that somebody else has made for it', async () => {
    await move(id, 'services', await renamed('viw services 00000000'));
    expect(await isOpen(id)).toBe(false);
    await move(id, 'services', pem);
    expect(await isOpen(id)).toBe(true);
  });

  it('sealed before that, it opens for what its certificate says under the name of a root of viw', async () => {
    await sealFormerly(id, key);
    expect(await isOpen(id)).toBe(true);
    for (const other of [pem, await renamed()]) {
      await move(id, 'gateway-agents', other);
      expect(await isOpen(id)).toBe(false);
    }
    await move(id, 'root', pem);
    expect(await isOpen(id)).toBe(false);
    await move(id, 'services', pem);
    expect(await isOpen(id)).toBe(true);
  });

  it('is bound to its purpose when the key-encryption key is turned, not to what somebody has written since', async () => {
    await sealFormerly(id, key);
    await move(id, 'gateway-agents', await renamed());
    const [second, third] = [generateKek(), generateKek()];
    await stage.backend([second, stage.kek]).ca.authorities();
    expect(await sealedOf(id)).toMatchObject({ kek: second.id });
    expect(await isOpen(id, [second, stage.kek])).toBe(false);
    await move(id, 'services', pem);
    expect(await isOpen(id, [second, stage.kek])).toBe(true);
    await stage.backend([third, second]).ca.authorities();
    const box = new SecretBox({ keys: [third] });
    expect(box.openText(await sealedOf(id), authorityContext({ id, purpose: 'services' }))).toBe(key);
  });
});

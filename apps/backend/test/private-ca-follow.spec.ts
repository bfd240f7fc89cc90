import { createDatabase, migrate, type Db } from '@viw/database';
import { createLogger } from '@viw/runtime';
import { SecretBox, generateKek } from '@viw/secrets';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { PrivateCa } from '../src/private-ca/private-ca';
import { Store } from '../src/store';

let db: Db;
let store: Store;
beforeAll(async () => {
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
  store = new Store({ db });
});
afterAll(() => db.destroy());

const box = new SecretBox({ keys: [generateKek()] });
const logger = createLogger({ service: 'test', level: 'silent' });
const stored = () => store.repositories.certificateAuthorities.list();

/** The authorities as one backend knows them, and how often it has read them. */
function backend() {
  let reads = 0;
  const { certificateAuthorities } = store.repositories;
  const counted = Object.assign(Object.create(certificateAuthorities) as typeof certificateAuthorities, {
    sealed: () => {
      reads += 1;
      return certificateAuthorities.sealed();
    },
  });
  const repositories = { ...store.repositories, certificateAuthorities: counted };
  const ca = new PrivateCa({
    store: { repositories, transaction: (work) => store.transaction(work) },
    box,
    logger,
  });
  return { ca, reads: () => reads };
}

test('what another backend has made or superseded counts here at the next look, and nothing is read for nothing', async () => {
  const [one, other] = [backend(), backend()];
  await one.ca.authorities();
  await other.ca.authorities();
  const made = await one.ca.ensure('services');
  expect(await other.ca.authority(made.record.id)).toBeUndefined();
  await other.ca.follow(await stored());
  expect((await other.ca.authority(made.record.id))?.authority).toBeDefined();
  expect((await other.ca.issuerFor('services')).record.id).toBe(made.record.id);

  const before = other.reads();
  await other.ca.follow(await stored());
  expect(other.reads()).toBe(before);

  await sql`UPDATE viw.certificate_authorities SET superseded_at = now() WHERE id = ${made.record.id}`.execute(
    db,
  );
  await other.ca.follow(await stored());
  await expect(other.ca.issuerFor('services')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  // It still signs its revocation list.
  expect(await other.ca.authority(made.record.id)).toBeDefined();
});

test('one whose key is elsewhere is none that it waits for', async () => {
  const one = backend();
  await one.ca.authorities();
  const [root] = await stored();
  if (!root) throw new Error('no root');
  const before = one.reads();
  const rows = await stored();
  await one.ca.follow([...rows, { ...root, id: 'elsewhere', purpose: 'web-services' }]);
  expect(one.reads()).toBe(before);
});

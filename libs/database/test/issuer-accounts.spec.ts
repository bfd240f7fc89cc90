import { uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { AccountWorkRepository, IssuerAccountRepository } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
let accounts: IssuerAccountRepository;
let works: AccountWorkRepository;
beforeAll(async () => {
  f = await fixture();
  accounts = new IssuerAccountRepository({ db: f.db });
  works = new AccountWorkRepository({ db: await f.as('viw_cert_worker') });
});
afterEach(() => sql`DELETE FROM viw.acme_accounts`.execute(f.db));
afterAll(() => f.close());

async function made(): Promise<string> {
  const id = uuidv7();
  await accounts.create({
    id,
    issuer: `ca-${id.slice(-8)}`,
    label: null,
    directory_url: 'https://ca.example/directory',
    directory_ca: null,
    contact: [],
    eab: undefined,
    key_type: 'ec-p256',
    preferred_chain: null,
    profile: null,
  });
  return id;
}

/** Times are kept in milliseconds, rounded: what is due now may be due in a moment only. */
const taken = (id: string) =>
  eventually(async () => {
    const work = await works.take(180);
    if (work?.id !== id) throw new Error(`taken was ${work?.id}`);
    return work;
  });

const failure = {
  at: new Date(0).toISOString(),
  code: 'ACME_REFUSED',
  problem_type: null,
  went_wrong: 'refused',
  viw_does: 'waits',
  you_can: null,
};

const stateOf = async (id: string) => (await accounts.get(id))?.state;
const timePasses = (id: string) =>
  sql`UPDATE viw.acme_accounts SET next_attempt_at = now() WHERE id = ${id}`.execute(f.db);
const told = async (id: string): Promise<string[]> => {
  const { rows } = await sql<{ action: string }>`
    SELECT action FROM viw.audit_log WHERE object_id = ${id} ORDER BY id`.execute(f.db);
  return rows.map(({ action }) => action);
};

test('retired while it is being registered: deactivated after that worker has had its time, not beside it', async () => {
  const id = await made();
  const registering = await taken(id);
  expect(await accounts.retire(id)).toBe(0);
  expect(await works.take(180)).toBeUndefined();
  // What the worker says of the registration does not undo the wish.
  await works.setAccountUrl(id, 'https://ca.example/account/1');
  await works.done(registering);
  expect(await stateOf(id)).toBe('deactivating');
  expect(await works.take(180)).toBeUndefined();
  await timePasses(id);
  const work = await taken(id);
  expect(work).toMatchObject({ wanted: 'deactivate', account_url: 'https://ca.example/account/1' });
  await works.done(work);
  expect(await stateOf(id)).toBe('deactivated');
  expect(await told(id)).toEqual(['acme_account.registered', 'acme_account.deactivated']);
});

test('retired while its registration fails: the failure is not its state, and the wish stays', async () => {
  const id = await made();
  const registering = await taken(id);
  await accounts.retire(id);
  await works.failed(registering, failure, null);
  expect(await accounts.get(id)).toMatchObject({ state: 'deactivating', failure: null });
  await timePasses(id);
  expect(await taken(id)).toMatchObject({ wanted: 'deactivate' });
});

test('retired when nobody is registering it: at once', async () => {
  const before = await made();
  await accounts.retire(before);
  expect(await taken(before)).toMatchObject({ wanted: 'deactivate' });

  const failed = await made();
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await works.failed(await taken(failed), failure, later);
  await accounts.retire(failed);
  expect(await taken(failed)).toMatchObject({ wanted: 'deactivate' });

  const registered = await made();
  await works.done(await taken(registered));
  await accounts.retire(registered);
  expect(await taken(registered)).toMatchObject({ wanted: 'deactivate' });
});

test('a state that the CA has brought about and its audit line are stored together, or neither', async () => {
  const id = await made();
  const work = await taken(id);
  await sql`ALTER TABLE viw.audit_log ADD CONSTRAINT none_of_it CHECK (object_id <> ${sql.lit(id)})`.execute(
    f.db,
  );
  try {
    await expect(works.done(work)).rejects.toMatchObject({ constraint: 'none_of_it' });
  } finally {
    await sql`ALTER TABLE viw.audit_log DROP CONSTRAINT none_of_it`.execute(f.db);
  }
  expect([await stateOf(id), await told(id)]).toEqual(['registering', []]);
});

import type { Db } from '@viw/database';
import {
  CertificateRepository,
  CertificateVersionRepository,
  OperationRepository,
  OperationWorkRepository,
  createDatabase,
  migrate,
} from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { OrderBudget, limitsOf, type OrderLimits, type RenewalKind } from '../src/issue/order-budget';
import { repositoriesOf } from '../src/repositories';

let db: Db;
beforeAll(async () => {
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
});
afterAll(() => db.destroy());
beforeEach(() => sql`TRUNCATE viw.certificates CASCADE`.execute(db));

const limits = {
  orders: { limit: 3, seconds: 10_800 },
  duplicates: { limit: 2, seconds: 604_800 },
  failedValidations: { limit: 2, seconds: 3_600 },
  domains: { limit: 50, seconds: 604_800 },
};
const budget = (more: Partial<OrderLimits> = {}) =>
  new OrderBudget(
    { limits: { ...limits, ...more }, issuer: 'acme', sameCa: ['acme', 'letsencrypt'] },
    { issuances: repositoriesOf(db).issuances },
  );

/** An operation that has ordered; `minutes` ago. */
async function ordered(
  names: string[],
  minutes: number,
  then: 'issued' | 'refused' | 'nothing',
  issuer = 'acme',
) {
  const certificate_id = await new CertificateRepository({ db }).create({
    names,
    issuer,
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  const issued_by = { kind: 'system', id: 'test', name: 'test' };
  const id = await new OperationRepository({ db }).create({ certificate_id, kind: 'issue', issued_by });
  const operations = new OperationWorkRepository({ db });
  const claim = await operations.claim(id, 'worker', 60);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  const { fencing } = claim.work;
  await operations.setOrderUrl(id, fencing, 'https://ca.example/order/1');
  const at = new Date(Date.now() - minutes * 60_000).toISOString();
  await sql`UPDATE viw.certificate_operations SET started_at = ${at}::timestamptz WHERE id = ${id}`.execute(
    db,
  );
  if (then === 'refused')
    await operations.recordStep(id, fencing, { step: `challenge ${names[0]}`, status: 'failed', at });
  if (then !== 'issued') return;
  const version = uuidv7();
  await new CertificateVersionRepository({ db }).save(fencing, {
    id: version,
    certificate_id,
    operation_id: id,
    cert_pem: 'leaf',
    chain_pem: '',
    private_key_sealed: {},
    serial: '01',
    fingerprint_sha256: version,
    issuer: 'CN=CA',
    names,
    not_before: at,
    not_after: at,
  });
  await sql`UPDATE viw.certificate_versions SET created_at = ${at}::timestamptz WHERE id = ${version}`.execute(
    db,
  );
}

/** Minutes until there is room; 0: now. */
async function minutesUntilRoom(
  names: string[],
  { renewal, ...more }: Partial<OrderLimits> & { renewal?: RenewalKind } = {},
): Promise<number> {
  try {
    await budget(more).assertRoom(names, renewal);
    return 0;
  } catch (error) {
    const { code, meta } = error as { code: string; meta: Record<string, string> };
    expect(code).toBe('ACME_RATE_LIMITED');
    expect(meta['retry']).toBe('at');
    return Math.round((Date.parse(meta['retry_at'] ?? '') - Date.now()) / 60_000);
  }
}

test('orders of the account: there is room again when the oldest of the last three is three hours old', async () => {
  for (const minutes of [200, 100, 50]) await ordered(['a.example'], minutes, 'nothing');
  expect(await minutesUntilRoom(['b.example'])).toBe(0);
  await ordered(['c.example'], 10, 'nothing');
  expect(await minutesUntilRoom(['b.example'])).toBe(80);
});

test('certificates for the same names, in any order and spelling', async () => {
  await ordered(['a.example', 'b.example'], 1_440, 'issued');
  await ordered(['b.example', 'a.example'], 720, 'issued');
  expect(await minutesUntilRoom(['B.example', 'a.example'])).toBe(7 * 1_440 - 1_440);
  expect(await minutesUntilRoom(['a.example'])).toBe(0);
  expect(await minutesUntilRoom(['a.example', 'b.example', 'c.example'])).toBe(0);
});

test('failed validations of a name, whichever certificate it was for', async () => {
  await ordered(['bad.example'], 50, 'refused');
  await ordered(['bad.example', 'x.example'], 20, 'refused');
  expect(await minutesUntilRoom(['y.example', 'bad.example'])).toBe(10);
  expect(await minutesUntilRoom(['y.example'])).toBe(0);
});

test('a registered domain, by the public suffix list: new sets of names of one CA, whichever account', async () => {
  const more = { domains: { limit: 2, seconds: 604_800 } };
  await ordered(['a.example.co.uk'], 1_440, 'issued');
  await ordered(['*.example.co.uk', 'other.example'], 720, 'issued', 'letsencrypt');
  // Neither counts: another domain below the same suffix, another CA.
  await ordered(['b.elsewhere.co.uk'], 600, 'issued');
  await ordered(['c.example.co.uk'], 500, 'issued', 'private-ca');
  expect(await minutesUntilRoom(['new.example.co.uk'], more)).toBe(7 * 1_440 - 1_440);
  expect(await minutesUntilRoom(['new.elsewhere.co.uk'], more)).toBe(0);
  expect(await minutesUntilRoom(['new.other.example'], more)).toBe(0);
  // As the CA has it: renewals are exempt.
  expect(await minutesUntilRoom(['a.example.co.uk'], { ...more, renewal: 'same-names' })).toBe(0);
  await expect(budget(more).assertRoom(['new.example.co.uk'])).rejects.toThrow(
    /2 certificates for new sets of names below example\.co\.uk in 7 days, and they are used up until 20/,
  );
});

test('an IPv6 network of 64 bits counts as one', async () => {
  const more = { domains: { limit: 1, seconds: 604_800 } };
  await ordered(['2001:db8::1'], 60, 'issued');
  expect(await minutesUntilRoom(['2001:db8::2'], more)).toBe(7 * 1_440 - 60);
  expect(await minutesUntilRoom(['2001:db8:0:1::2'], more)).toBe(0);
  expect(await minutesUntilRoom(['192.0.2.1'], more)).toBe(0);
});

test('an order that says what it replaces is exempt from everything', async () => {
  for (const minutes of [30, 20, 10]) await ordered(['a.example'], minutes, 'issued');
  expect(await minutesUntilRoom(['a.example'])).toBeGreaterThan(0);
  expect(await minutesUntilRoom(['a.example'], { renewal: 'replaces' })).toBe(0);
});

test('limits are those of CAs that are known', () => {
  expect(limitsOf('https://acme-v02.api.letsencrypt.org/directory')?.orders.limit).toBe(300);
  expect(limitsOf('https://acme-staging-v02.api.letsencrypt.org/directory')).toBeUndefined();
  expect(limitsOf('https://constructor/')).toBeUndefined();
});

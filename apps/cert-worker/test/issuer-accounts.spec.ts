import { AccountWorkRepository, AcmeAccountRepository, IssuerAccountRepository } from '@viw/database';
import type { NewIssuerAccount } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { SecretBox, sealBindingKey, zEncryptionKeys } from '@viw/secrets';
import { eventually, startPebble, type Pebble } from '@viw/testing';
import { sql } from 'kysely';
import { ApiAccounts } from '../src/issuers/api-accounts';
import { outboundGuards } from '../src/outbound-guards';
import { startRig, type Rig } from './rig';

const binding = { kid: 'kid-1', key: Buffer.alloc(32, 7).toString('base64url') };
let rig: Rig;
let bound: Pebble;
const workers: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  rig = await startRig([]);
  // Another CA: it asks for a binding, and is trusted by its own anchor only.
  bound = await startPebble({
    httpPort: rig.pebble.httpPort,
    externalAccountKeys: { [binding.kid]: binding.key },
  });
  // Two, so that whatever is done twice would show.
  const loopback = { CERT_WORKER_ACME_ACCOUNT_LOOPBACK: 'true' };
  workers.push(await rig.startWorker(loopback));
  workers.push(
    await rig.startWorker({
      ...loopback,
      CERT_WORKER_CONSUMER: 'worker-2',
      CERT_WORKER_HTTP01_BIND: '127.0.0.1:0',
    }),
  );
}, 60_000);
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await bound?.stop();
  await rig?.stop();
}, 60_000);

const accounts = () => new IssuerAccountRepository({ db: rig.db });
const box = () =>
  new SecretBox({ keys: zEncryptionKeys().parse(rig.environment()['CERT_WORKER_ENCRYPTION_KEY']) });

async function made(issuer: string, more: Partial<NewIssuerAccount> = {}, key?: string): Promise<string> {
  const id = uuidv7();
  await accounts().create({
    id,
    issuer,
    label: null,
    directory_url: bound.directoryUrl,
    directory_ca: bound.caCertPem,
    contact: ['mailto:ops@viw.example'],
    eab: key === undefined ? undefined : { kid: binding.kid, key_sealed: sealBindingKey(box(), id, key) },
    key_type: 'ec-p384',
    preferred_chain: null,
    profile: null,
    ...more,
  });
  return id;
}

const inState = (id: string, state: string) =>
  eventually(
    async () => {
      const account = await accounts().get(id);
      expect(account?.state).toBe(state);
      return account!;
    },
    { timeoutMs: 30_000, what: state },
  );

test('registered with its binding, used by certificates, changed, and deactivated at the CA', async () => {
  const id = await made('bound-ca', {}, binding.key);
  const { account_url } = await inState(id, 'registered');
  expect(account_url).toContain(new URL(bound.directoryUrl).host);

  const certificate = await rig.certificate(['bound.example']);
  await sql`UPDATE viw.certificates SET issuer = 'bound-ca' WHERE id = ${certificate}`.execute(rig.db);
  expect((await rig.ended(await rig.request(certificate, 'issue'))).error).toBeNull();
  // Planned by the CA that issued it, and revoked there.
  const revoke = { reason: 'keyCompromise', at_once: true };
  expect((await rig.ended(await rig.request(certificate, 'revoke', 1, revoke))).error).toBeNull();

  expect(await accounts().change(id, { contact: ['mailto:other@viw.example'] })).toBe(true);
  expect(await inState(id, 'registered')).toMatchObject({
    contact: ['mailto:other@viw.example'],
    account_url,
  });

  expect(await accounts().retire(id)).toBe(1);
  await sql`UPDATE viw.certificates SET deleted_at = now() WHERE id = ${certificate}`.execute(rig.db);
  expect(await accounts().retire(id)).toBe(0);
  await inState(id, 'deactivated');
  expect(await accounts().holdIssuer('bound-ca')).toBe(false);
  const { rows } = await sql<{ action: string }>`
    SELECT action FROM viw.audit_log WHERE object_id = ${id} ORDER BY id`.execute(rig.db);
  expect(rows.map(({ action }) => action)).toEqual([
    'acme_account.registered',
    'acme_account.registered',
    'acme_account.deactivated',
  ]);
});

test('a CA that refuses is told in words; a change tries again', async () => {
  const id = await made('unbound-ca');
  const failed = await inState(id, 'failed');
  expect(failed).toMatchObject({
    next_attempt_at: null,
    failure: {
      problem_type: 'externalAccountRequired',
      viw_does: 'viw has stopped: the same request would be refused again.',
      you_can: expect.stringContaining('give its key id and MAC key') as string,
    },
  });
  await accounts().change(id, {
    eab: { kid: binding.kid, key_sealed: sealBindingKey(box(), id, binding.key) },
  });
  expect(await inState(id, 'registered')).toMatchObject({ failure: null, eab_kid: binding.kid });
});

test('a directory at this machine is asked only where that is allowed', async () => {
  await made('inside-ca', {}, binding.key);
  const work = new AccountWorkRepository({ db: rig.db });
  const account = (await work.byIssuer('inside-ca'))!;
  const { acmeAccounts: guard } = outboundGuards({
    CERT_WORKER_PRIVATE_NETWORKS: ['10.0.0.0/8', '0.0.0.0/1'],
    CERT_WORKER_DNS_PROVIDER_LOOPBACK: true,
    CERT_WORKER_ACME_ACCOUNT_LOOPBACK: false,
  });
  const opened = new ApiAccounts({ guard }, { accounts: work, box: box() });
  await expect((await opened.open(account)).registerAccount()).rejects.toMatchObject({
    code: 'ACME_UNAVAILABLE',
    message: expect.stringContaining(
      'the address is not public, and CERT_WORKER_PRIVATE_NETWORKS does not allow its network',
    ) as string,
  });
  await opened.stop();
});

test('an issuer that nobody has made: the operation says so', async () => {
  const id = await rig.certificate(['nobody.example']);
  await sql`UPDATE viw.certificates SET issuer = 'nobody' WHERE id = ${id}`.execute(rig.db);
  const { error } = await rig.ended(await rig.request(id, 'issue'));
  expect(error).toMatchObject({
    code: 'NOT_IMPLEMENTED',
    msg: expect.stringContaining('there is no account of the issuer nobody') as string,
  });
});

test('the account of the configuration is there to be seen, before and after its first use', async () => {
  const shown = () =>
    accounts()
      .list()
      .then(({ items }) => items.filter(({ issuer }) => issuer === 'acme'));
  const [before] = await eventually(async () => {
    const found = await shown();
    expect(found).toHaveLength(1);
    return found;
  });
  expect(before).toMatchObject({ read_only: true, directory_url: rig.pebble.directoryUrl });
  const id = await rig.certificate(['own.example']);
  expect((await rig.ended(await rig.request(id, 'issue'))).error).toBeNull();
  expect(await shown()).toMatchObject([{ id: before!.id, state: 'registered' }]);
  expect((await new AcmeAccountRepository({ db: rig.db }).find(rig.pebble.directoryUrl))?.id).toBe(
    before!.id,
  );
  expect(await accounts().change(before!.id, { label: 'x' })).toBe(false);
});

test('no secret of an account is told to anybody', () => {
  const told = rig.logs.join('');
  expect(told).toContain('acme_account_done');
  expect(told).not.toContain(binding.key);
  expect(told).not.toContain('PRIVATE KEY');
});

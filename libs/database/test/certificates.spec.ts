import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import {
  AcmeAccountRepository,
  CertificateRepository,
  CertificateVersionRepository,
  type ClaimResult,
  DeploymentRepository,
  OperationRepository,
  OperationWorkRepository,
  OutboxRepository,
  ServerRepository,
  SshCredentialRepository,
  VirtualHostRepository,
  inTransaction,
} from '../src/index';
import { type Fixture, fixture, inSeconds } from './fixture';

let f: Fixture;
const backend = {} as { deps: { db: Fixture['db'] } };
const worker = {} as { deps: { db: Fixture['db'] } };
beforeAll(async () => {
  f = await fixture();
  backend.deps = { db: await f.as('viw_backend') };
  worker.deps = { db: await f.as('viw_cert_worker') };
});
afterAll(() => f.close());

const issued_by = { kind: 'administrator', id: '1', name: 'admin@example.org' };

async function virtualHost() {
  const name = uuidv7();
  const credential = await new SshCredentialRepository(backend.deps).create({
    id: uuidv7(),
    name,
    username: 'deploy',
    sealed: { v: 1, data: name },
  });
  const server = await new ServerRepository(backend.deps).create({
    name,
    host: '127.0.0.1',
    ssh_port: 22,
    ssh_credential_id: credential.id,
    host_key_fingerprint: null,
    test_command: ['nginx', '-t'],
    reload_command: ['nginx', '-s', 'reload'],
  });
  const host = await new VirtualHostRepository(backend.deps).create(server.id, {
    server_names: ['www.example.org'],
    cert_dir: '/etc/viw/www',
    listeners: [{ host: '127.0.0.1', port: 443 }],
  });
  return { credential, server, host };
}

async function certificate(hosts: string[] = []) {
  return inTransaction(backend.deps.db, async (db) => {
    const id = await new CertificateRepository({ db }).create({
      names: ['www.example.org', 'example.org'],
      issuer: 'acme',
      challenge: 'http-01',
      key_type: 'ec-p256',
      created_by: 'admin',
    });
    await new VirtualHostRepository({ db }).assignCertificate(hosts, id);
    return {
      id,
      operation: await new OperationRepository({ db }).create({
        certificate_id: id,
        kind: 'issue',
        issued_by,
      }),
    };
  });
}

const claimed = (result: ClaimResult) => {
  if (result.outcome !== 'claimed') throw new Error(result.outcome);
  return result.work;
};

const version = (certificate_id: string, operation_id: string) => ({
  id: uuidv7(),
  certificate_id,
  operation_id,
  cert_pem: 'C',
  chain_pem: 'I',
  private_key_sealed: { v: 1, data: 'x' },
  serial: '01',
  fingerprint_sha256: uuidv7(),
  issuer: 'CN=Test',
  names: ['www.example.org'],
  not_before: inSeconds(0),
  not_after: inSeconds(86_400),
});

test('from the request to the proof, each side with its own account', async () => {
  const { host, server, credential } = await virtualHost();
  const { id, operation } = await certificate([host.id]);
  const requests = await new OutboxRepository(backend.deps).claimBatch(1_000);
  expect(requests.map((entry) => entry.body)).toContainEqual({
    operation_id: operation,
    certificate_id: id,
    kind: 'issue',
  });

  const works = new OperationWorkRepository(worker.deps);
  const work = claimed(await works.claim(operation, 'worker-1', 60));
  expect(work).toMatchObject({
    certificate_id: id,
    kind: 'issue',
    attempts: 1,
    order_url: null,
    names: ['www.example.org', 'example.org'],
  });
  await works.setOrderUrl(operation, work.fencing, 'https://ca.example/order/1');
  await works.recordStep(operation, work.fencing, { step: 'order', status: 'started', at: inSeconds(0) });
  await works.recordStep(operation, work.fencing, {
    step: 'order',
    status: 'done',
    duration_ms: 3,
    at: inSeconds(0),
  });
  const versions = new CertificateVersionRepository(worker.deps);
  const issued = version(id, operation);
  await versions.save(work.fencing, issued);
  await versions.save(work.fencing, issued);
  expect(await versions.getDeployable(issued.id)).toMatchObject({
    cert_pem: 'C',
    private_key_sealed: { v: 1, data: 'x' },
  });
  expect(await versions.findByOperation(operation)).toMatchObject({ id: issued.id });
  const [target] = await new VirtualHostRepository(worker.deps).targetsOf(id);
  expect(target).toMatchObject({
    id: host.id,
    server: { id: server.id, ssh_credential_id: credential.id, host_key_fingerprint: null },
  });
  expect(await new SshCredentialRepository(worker.deps).getSealed(credential.id)).toMatchObject({
    username: 'deploy',
    sealed: { v: 1 },
  });
  const proof = {
    virtual_host_id: host.id,
    certificate_id: id,
    version_id: issued.id,
    operation_id: operation,
    proved_at: inSeconds(0),
  };
  await new DeploymentRepository(worker.deps).recordProved(work.fencing, proof);
  await new DeploymentRepository(worker.deps).recordProved(work.fencing, {
    ...proof,
    proved_at: inSeconds(1),
  });
  await works.finish(operation, work.fencing, 'succeeded');

  expect(await new OperationRepository(backend.deps).get(operation)).toMatchObject({
    status: 'succeeded',
    issued_by: issued_by.name,
    error: null,
    steps: [
      { step: 'order', status: 'started', duration_ms: null },
      { step: 'order', status: 'done', duration_ms: 3 },
    ],
  });
  expect(await new CertificateRepository(backend.deps).get(id)).toMatchObject({
    state: 'active',
    last_operation_id: operation,
    current_version: { id: issued.id, not_after: issued.not_after },
    used_by: [
      {
        virtual_host_id: host.id,
        server_id: server.id,
        server_name: server.name,
        deployed_version_id: issued.id,
      },
    ],
  });
  expect(await works.claim(operation, 'worker-2', 60)).toEqual({ outcome: 'finished' });
  await expect(new SshCredentialRepository(backend.deps).delete(credential.id)).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  await expect(new ServerRepository(backend.deps).delete(server.id)).rejects.toMatchObject({
    code: 'CONFLICT',
  });
});

test('one worker per certificate: a claim waits for the lease, and fences off who held it', async () => {
  const { id, operation } = await certificate();
  const renewal = await new OperationRepository(backend.deps).create({
    certificate_id: id,
    kind: 'renew',
    issued_by,
  });
  const works = new OperationWorkRepository(worker.deps);
  const answers = await Promise.all([
    works.claim(operation, 'a', 60),
    works.claim(operation, 'b', 60),
    works.claim(renewal, 'c', 60),
  ]);
  expect(answers.map((answer) => answer.outcome).sort()).toEqual(['busy', 'busy', 'claimed']);
  const old = answers.find((answer) => answer.outcome === 'claimed');
  const { operation_id, fencing } = claimed(old ?? { outcome: 'finished' });
  const busy = answers.find((answer) => answer.outcome === 'busy');
  expect(busy).toMatchObject({ retry_after_ms: expect.any(Number) as number });
  expect(await works.renewLease(operation_id, fencing, 60)).toBe(true);
  await sql`UPDATE viw.certificate_operations SET lease_until = now() - interval '1 s' WHERE id = ${operation_id}`.execute(
    f.db,
  );

  const other = operation_id === operation ? renewal : operation;
  const next = claimed(await works.claim(other, 'd', 60));
  expect(next.fencing).toBe(fencing + 1);
  const versions = new CertificateVersionRepository(worker.deps);
  await expect(versions.save(fencing, version(id, operation_id))).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await works.renewLease(operation_id, fencing, 60)).toBe(false);
  await works.finish(other, next.fencing, 'failed', { code: 'ACME_REFUSED', msg: 'no' });

  const again = claimed(await works.claim(operation_id, 'e', 60));
  expect(again.attempts).toBe(2);
  for (const late of [
    works.recordStep(operation_id, fencing, { step: 'order', status: 'done', at: inSeconds(0) }),
    works.setOrderUrl(operation_id, fencing, 'x'),
    works.finish(operation_id, fencing, 'succeeded'),
  ])
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
  await works.finish(operation_id, again.fencing, 'failed', { code: 'ACME_REFUSED', msg: 'no' });
  await expect(works.finish(operation_id, again.fencing, 'succeeded')).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect(await new CertificateRepository(backend.deps).get(id)).toMatchObject({
    state: 'failed',
    current_version: null,
  });
});

test('a claim waits for nobody with a connection in its hands', async () => {
  const { id, operation } = await certificate();
  const works = new OperationWorkRepository(worker.deps);
  await f.db.transaction().execute(async (trx) => {
    await sql`SELECT 1 FROM viw.certificates WHERE id = ${id} FOR UPDATE`.execute(trx);
    const busy = { outcome: 'busy', retry_after_ms: expect.any(Number) as number };
    expect(await works.claim(operation, 'a', 60)).toEqual(busy);
  });
  claimed(await works.claim(operation, 'a', 60));
});

test('what nobody works on is published again', async () => {
  const { operation } = await certificate();
  const operations = new OperationRepository(backend.deps);
  expect(await operations.requeueStale({ afterSeconds: 60 })).not.toContain(operation);
  const works = new OperationWorkRepository(worker.deps);
  const work = claimed(await works.claim(operation, 'a', 60));
  expect(await operations.requeueStale({ afterSeconds: 0 })).not.toContain(operation);
  await works.release(operation, work.fencing);
  await sql`SELECT pg_sleep(0.01)`.execute(f.db);
  expect(await operations.requeueStale({ afterSeconds: 0 })).toContain(operation);
});

test('bad references, pages, deletion, one account per directory', async () => {
  await expect(
    new OperationRepository(backend.deps).create({ certificate_id: uuidv7(), kind: 'issue', issued_by }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(
    new VirtualHostRepository(backend.deps).assignCertificate([uuidv7()], uuidv7()),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const { host, server } = await virtualHost();
  const [a, b] = [await certificate([host.id]), await certificate()];
  const certificates = new CertificateRepository(backend.deps);
  const page = await certificates.list({ limit: 1, q: 'WWW.example', total: true });
  expect(page.items[0]?.id).toBe(b.id);
  expect((await certificates.list({ limit: 1, cursor: page.next_cursor ?? '' })).items[0]?.id).toBe(a.id);
  const hosts = new VirtualHostRepository(backend.deps);
  expect(await certificates.retire(a.id)).toBe('in_use');
  await hosts.change(server.id, host.id, { certificate_id: null });
  expect([await certificates.retire(a.id), await certificates.retire(a.id)]).toEqual(['retired', 'gone']);
  expect(await certificates.get(a.id)).toBeUndefined();
  expect(await certificates.find(a.id)).toMatchObject({ retired_at: expect.any(String) as string });
  // Nothing gets hold of it again.
  const back = hosts.change(server.id, host.id, { certificate_id: a.id });
  await expect(back).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await new ServerRepository(backend.deps).pinHostKey(server.id, 'SHA256:x')).toMatchObject({
    host_key_fingerprint: 'SHA256:x',
  });
  const accounts = new AcmeAccountRepository(worker.deps);
  const account = (n: number) => ({
    id: uuidv7(),
    directory_url: 'https://ca.example/dir',
    key_sealed: { n },
    contact: ['mailto:x@example.org'],
  });
  const [one, two] = await Promise.all([accounts.createOnce(account(1)), accounts.createOnce(account(2))]);
  expect(one).toEqual(two);
  await accounts.setAccountUrl(one.id, 'https://ca.example/acct/1');
  expect(await accounts.find('https://ca.example/dir')).toMatchObject({
    account_url: 'https://ca.example/acct/1',
  });
});

import { sql } from 'kysely';
import {
  CertificateRepository,
  OperationRepository,
  OperationWorkRepository,
  OrderKeyRepository,
} from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
const backend = {} as { deps: { db: Fixture['db'] } };
const worker = {} as { deps: { db: Fixture['db'] } };
beforeAll(async () => {
  f = await fixture();
  backend.deps = { db: await f.as('viw_backend') };
  worker.deps = { db: await f.as('viw_cert_worker') };
});
afterAll(() => f.close());

async function claimedOperation() {
  const certificate_id = await new CertificateRepository(backend.deps).create({
    names: ['www.example.org'],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'admin',
  });
  const issued_by = { kind: 'administrator', id: '1', name: 'admin@example.org' };
  const id = await new OperationRepository(backend.deps).create({ certificate_id, kind: 'issue', issued_by });
  const claim = await new OperationWorkRepository(worker.deps).claim(id, 'worker-1', 60);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  return { id, fencing: claim.work.fencing };
}

const key = (n: number) => ({
  order_url: `https://ca.example/order/${n}`,
  private_key_sealed: { v: 1, data: `x${n}` },
});

test('keeps the key of the newest order until nothing is left to resume', async () => {
  const keys = new OrderKeyRepository(worker.deps);
  const { id, fencing } = await claimedOperation();
  expect(await keys.find(id)).toBeUndefined();
  await keys.save(id, fencing, key(1));
  await keys.save(id, fencing, key(2));
  expect(await keys.find(id)).toEqual(key(2));
  // It is still being worked on.
  await keys.deleteSettled(id);
  expect(await keys.find(id)).toEqual(key(2));
  await new OperationWorkRepository(worker.deps).finish(id, fencing, 'succeeded');
  await keys.deleteSettled(id);
  expect(await keys.find(id)).toBeUndefined();
});

test('is refused to whoever lost the lease, and unseen by the backend', async () => {
  const keys = new OrderKeyRepository(worker.deps);
  const { id, fencing } = await claimedOperation();
  await expect(keys.save(id, fencing - 1, key(1))).rejects.toMatchObject({ code: 'CONFLICT' });
  await new OperationWorkRepository(worker.deps).finish(id, fencing, 'failed', { code: 'X', msg: 'x' });
  await expect(keys.save(id, fencing, key(1))).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await keys.find(id)).toBeUndefined();
  await expect(
    sql`SELECT private_key_sealed FROM viw.certificate_order_keys`.execute(backend.deps.db),
  ).rejects.toMatchObject({ code: '42501' });
});

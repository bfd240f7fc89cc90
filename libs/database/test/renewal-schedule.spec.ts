import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import {
  CertificateRepository,
  CertificateVersionRepository,
  OperationRepository,
  OperationWorkRepository,
  RenewalScheduleRepository,
  type NextAttempt,
} from '../src/index';
import { type Fixture, fixture, inSeconds } from './fixture';

let f: Fixture;
const backend = {} as { deps: { db: Fixture['db'] } };
const worker = {} as { deps: { db: Fixture['db'] } };
let schedule: RenewalScheduleRepository;
let work: OperationWorkRepository;
beforeAll(async () => {
  f = await fixture();
  backend.deps = { db: await f.as('viw_backend') };
  worker.deps = { db: await f.as('viw_cert_worker') };
  schedule = new RenewalScheduleRepository(worker.deps);
  work = new OperationWorkRepository(worker.deps);
});
afterAll(() => f.close());
beforeEach(() => sql`UPDATE viw.certificates SET deleted_at = now()`.execute(f.db));

const DAY_S = 86_400;
const issued_by = { kind: 'administrator', id: '1', name: 'admin@example.org' };

const certificate = () =>
  new CertificateRepository(backend.deps).create({
    names: ['www.example.org'],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'admin',
  });

const get = async (id: string) => (await new CertificateRepository(backend.deps).get(id))!;

async function claimed(certificate_id: string, kind: 'issue' | 'renew' | 'deploy', known?: string) {
  const id =
    known ?? (await new OperationRepository(backend.deps).create({ certificate_id, kind, issued_by }));
  const claim = await work.claim(id, 'worker', 60);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  return claim.work;
}

async function version(
  { certificate_id, operation_id, fencing }: Awaited<ReturnType<typeof claimed>>,
  not_after = inSeconds(60 * DAY_S),
) {
  const id = uuidv7();
  await new CertificateVersionRepository(worker.deps).save(fencing, {
    id,
    certificate_id,
    operation_id,
    cert_pem: 'leaf',
    chain_pem: 'chain',
    private_key_sealed: {},
    serial: '01',
    fingerprint_sha256: id,
    issuer: 'CN=CA',
    names: ['www.example.org'],
    not_before: inSeconds(-30 * DAY_S),
    not_after,
  });
  return id;
}

async function issued(not_after?: string): Promise<string> {
  const id = await certificate();
  const operation = await claimed(id, 'issue');
  await version(operation, not_after);
  await work.finish(operation.operation_id, operation.fencing, 'succeeded');
  return id;
}

async function planned(id: string, due_at: string): Promise<void> {
  const { current_version } = await get(id);
  await schedule.savePlan({
    certificate_id: id,
    version_id: current_version!.id,
    due_at,
    reason: 'lifetime',
    jitter: 0.25,
    suggested_start: null,
    suggested_end: null,
    suggested_instant: null,
    suggestion_url: null,
    heard_at: null,
    ask_failures: 0,
    look_again_at: inSeconds(3_600),
  });
}

const next = (retry_at: string | null): NextAttempt => ({
  retry_at,
  problem_type: 'connection',
  viw_does: 'tries again',
  you_can: 'open port 80',
});

async function failed(
  id: string,
  kind: 'issue' | 'renew' | 'deploy',
  retry_at: string | null,
  before: (operation: Awaited<ReturnType<typeof claimed>>) => Promise<unknown> = async () => undefined,
) {
  const operation = await claimed(id, kind);
  await before(operation);
  await work.finish(operation.operation_id, operation.fencing, 'failed', {
    code: 'ACME_REFUSED',
    msg: 'nobody answers',
    next: next(retry_at),
  });
  return operation;
}

const due = async () => (await schedule.due(10)).map(({ certificate_id, kind }) => [certificate_id, kind]);

test('a new version is without a plan until it has one; the plan is due at its time, once', async () => {
  const id = await issued();
  expect(await schedule.unplanned(10)).toMatchObject([{ certificate_id: id, issuer: 'acme', plan: null }]);
  await planned(id, inSeconds(60));
  expect(await schedule.unplanned(10)).toEqual([]);
  expect(await due()).toEqual([]);
  expect((await get(id)).renewal).toMatchObject({ reason: 'lifetime', suggestion: null, failure: null });

  await planned(id, inSeconds(-1));
  const [ready] = await schedule.due(10);
  expect(ready).toMatchObject({ certificate_id: id, kind: 'renew' });
  const operationId = await schedule.begin(ready!);
  // The same that an accepted request leaves behind.
  const { rows } = await sql`SELECT body, stream FROM viw.outbox ORDER BY id DESC LIMIT 1`.execute(f.db);
  expect(rows).toEqual([
    {
      stream: 'viw.cert_requests',
      body: { operation_id: operationId, certificate_id: id, kind: 'renew' },
    },
  ]);
  expect(await new OperationRepository(backend.deps).get(operationId!)).toMatchObject({
    status: 'accepted',
    issued_by: 'renewal',
  });
  expect(await schedule.begunWithin(60)).toBeGreaterThanOrEqual(1);
  // Nobody begins it a second time, whatever was seen before.
  expect(await due()).toEqual([]);
  expect(await schedule.begin(ready!)).toBeUndefined();
  expect(await schedule.begin({ ...ready!, last_operation_id: null })).toBeUndefined();

  const operation = await claimed(id, 'renew', operationId);
  const versionId = await version(operation);
  await work.finish(operation.operation_id, operation.fencing, 'succeeded');
  expect(await due()).toEqual([]);
  expect(await schedule.unplanned(10)).toMatchObject([{ version_id: versionId, plan: null }]);
  expect((await get(id)).renewal).toEqual({ due_at: null, reason: null, suggestion: null, failure: null });
});

test('a failed renewal waits for its own next attempt, counts on, and is forgotten with success', async () => {
  const id = await issued();
  await planned(id, inSeconds(-1));
  await failed(id, 'renew', inSeconds(60));
  expect(await due()).toEqual([]);
  await failed(id, 'renew', null);
  expect(await due()).toEqual([]);
  expect((await get(id)).renewal.failure).toMatchObject({
    kind: 'renew',
    attempts: 2,
    next_attempt_at: null,
    went_wrong: 'nobody answers',
    viw_does: 'tries again',
    you_can: 'open port 80',
  });
  await failed(id, 'renew', inSeconds(-1));
  expect(await due()).toEqual([[id, 'renew']]);
  const operation = await claimed(id, 'renew');
  expect(operation).toMatchObject({ failures: 3, not_after: expect.any(String) as string });
  await version(operation);
  await work.finish(operation.operation_id, operation.fencing, 'succeeded');
  expect((await get(id)).renewal.failure).toBeNull();
});

test('what was issued and not deployed is deployed, not issued again; a renewal that is due comes first', async () => {
  const id = await issued();
  await failed(id, 'renew', inSeconds(-1), version);
  expect(await due()).toEqual([[id, 'deploy']]);
  expect((await get(id)).renewal.failure).toMatchObject({ kind: 'deploy' });
  await planned(id, inSeconds(-1));
  expect(await due()).toEqual([[id, 'renew']]);
  // A deployment that fails does not hide that a renewal does.
  await failed(id, 'renew', inSeconds(60));
  await failed(id, 'deploy', inSeconds(-1));
  expect(await due()).toEqual([]);
  expect((await get(id)).renewal.failure).toMatchObject({ kind: 'renew' });
  const deploy = await claimed(id, 'deploy');
  await work.finish(deploy.operation_id, deploy.fencing, 'succeeded');
  expect((await get(id)).renewal.failure).toMatchObject({ kind: 'renew' });
});

test('the order of a failed attempt goes on with the next, unless it has led to a version', async () => {
  const id = await certificate();
  const order = 'https://ca.example/order/1';
  const setOrder = ({ operation_id, fencing }: Awaited<ReturnType<typeof claimed>>) =>
    work.setOrderUrl(operation_id, fencing, order);
  const first = await failed(id, 'issue', inSeconds(-1), setOrder);
  expect(await due()).toEqual([[id, 'issue']]);
  const second = await failed(id, 'issue', inSeconds(-1));
  expect(second).toMatchObject({ order_url: order, continues: first.operation_id });
  const third = await claimed(id, 'issue');
  expect(third).toMatchObject({ order_url: order, continues: second.operation_id });
  await version(third);
  await work.finish(third.operation_id, third.fencing, 'failed', {
    code: 'SSH_FAILED',
    msg: 'x',
    next: next(inSeconds(-1)),
  });
  expect(await claimed(id, 'renew')).toMatchObject({ order_url: null, continues: null });
});

test('the least share of life left comes first; revoked, deleted and worked-on certificates not at all', async () => {
  const ids = [await issued(), await issued(inSeconds(DAY_S)), await issued(inSeconds(-60)), await issued()];
  for (const id of ids) await planned(id, inSeconds(-1));
  const [calm, urgent, expired, busy] = ids;
  await claimed(busy!, 'deploy');
  expect(await due()).toEqual([
    [expired, 'renew'],
    [urgent, 'renew'],
    [calm, 'renew'],
  ]);
  expect(await schedule.outlook()).toMatchObject({ certificates: 4, expired: 1, emergency: 1, failing: 0 });
  await sql`UPDATE viw.certificates SET state = 'revoked' WHERE id = ${urgent}`.execute(f.db);
  await sql`UPDATE viw.certificates SET deleted_at = now() WHERE id = ${expired}`.execute(f.db);
  expect(await due()).toEqual([[calm, 'renew']]);
});

test('a cert-worker reaches no other stream through the outbox, and begins no other kind', async () => {
  const { db } = worker.deps;
  const insert = sql`INSERT INTO viw.outbox (stream, event_id, v, body) VALUES ('viw.commands', ${uuidv7()}, 1, '{}')`;
  await expect(insert.execute(db)).rejects.toMatchObject({ code: '42501' });
  const id = await issued();
  const begin = async (kind: string, as = db) => {
    const { last_operation_id: seen } = await get(id);
    const { rows } = await sql<{ begun: boolean }>`
      SELECT viw.begin_scheduled_operation(${id}::uuid, ${seen}::uuid, ${uuidv7()}::uuid, ${kind}, ${uuidv7()}::uuid, 1)
        AS begun`.execute(as);
    return rows[0]?.begun;
  };
  await expect(begin('rollback')).rejects.toMatchObject({ code: '22023' });
  await expect(begin('renew', backend.deps.db)).rejects.toMatchObject({ code: '42501' });
  // Nobody has asked for one.
  expect(await begin('revoke')).toBe(false);
});

test('a revocation that failed is begun again with what it was asked for, and neither hidden nor forgotten', async () => {
  const id = await issued();
  const revoke = async (retry_at: string | null) => {
    const parameters = { reason: 'keyCompromise' };
    const operation = await new OperationRepository(backend.deps).create({
      certificate_id: id,
      kind: 'revoke',
      issued_by,
      parameters,
    });
    const { fencing } = await claimed(id, 'renew', operation);
    await work.finish(operation, fencing, 'failed', { code: 'X', msg: 'x', next: next(retry_at) });
    return operation;
  };
  const first = await revoke(inSeconds(-1));
  await planned(id, inSeconds(-1));
  const [again] = await schedule.due(10);
  expect(again).toMatchObject({ certificate_id: id, kind: 'revoke' });
  const { created_at } = (await new OperationRepository(backend.deps).get(first))!;
  const second = await claimed(id, 'renew', await schedule.begin(again!));
  expect(second).toMatchObject({ kind: 'revoke', parameters: { reason: 'keyCompromise' } });
  expect(new Date(second.parameters['until'] as string).toISOString()).toBe(created_at);
  await work.finish(second.operation_id, second.fencing, 'failed', {
    code: 'X',
    msg: 'x',
    next: next(inSeconds(60)),
  });
  // It holds up no renewal, and one that fails is not begun again at once although it leaves no record.
  expect(await due()).toEqual([[id, 'renew']]);
  await failed(id, 'renew', inSeconds(-1));
  expect(await due()).toEqual([]);
  await failed(id, 'deploy', inSeconds(-1));
  const renewed = await claimed(id, 'renew');
  await version(renewed);
  await work.finish(renewed.operation_id, renewed.fencing, 'succeeded');
  expect((await get(id)).renewal.failure).toMatchObject({ kind: 'revoke', attempts: 2 });
  await revoke(null);
  await failed(id, 'renew', null);
  expect((await get(id)).renewal.failure).toMatchObject({ kind: 'revoke', attempts: 3 });
});

import { sql } from 'kysely';
import { OperationRepository } from '../src/index';
import { inSeconds } from './fixture';

import { DAY_S, renewalStage } from './renewal-stage';

const {
  owner,
  backend,
  schedule,
  work,
  certificate,
  get,
  claimed,
  version,
  issued,
  planned,
  next,
  failed,
  due,
} = renewalStage();

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
  const { rows } = await sql`SELECT body, stream FROM viw.outbox ORDER BY id DESC LIMIT 1`.execute(owner());
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
  expect(await schedule.unplanned(10)).toMatchObject([
    { version_id: versionId, plan: null, suggested_and_made_at: null },
  ]);
  expect((await get(id)).renewal).toEqual({
    due_at: null,
    reason: null,
    suggestion: null,
    note: null,
    failure: null,
  });
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
  await sql`UPDATE viw.certificates SET state = 'revoked' WHERE id = ${urgent}`.execute(owner());
  await sql`UPDATE viw.certificates SET deleted_at = now() WHERE id = ${expired}`.execute(owner());
  expect(await due()).toEqual([[calm, 'renew']]);
});

import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { OperationRepository } from '../src/index';
import { inSeconds } from './fixture';

import { issued_by, renewalStage } from './renewal-stage';

const { backend, worker, schedule, work, get, claimed, version, issued, planned, next, failed, due } =
  renewalStage();

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

test('a deployment that failed is begun again with the way through the servers that was asked for', async () => {
  const id = await issued();
  const rollout = { canary: 1, wave: 1, concurrency: 1 };
  const operation = await new OperationRepository(backend.deps).create({
    certificate_id: id,
    kind: 'deploy',
    issued_by,
    parameters: { rollout, other: 'is not kept' },
  });
  const { fencing } = await claimed(id, 'deploy', operation);
  await work.finish(operation, fencing, 'failed', { code: 'X', msg: 'x', next: next(inSeconds(-1)) });
  const [again] = await schedule.due(10);
  const repeated = await claimed(id, 'deploy', await schedule.begin(again!));
  expect(repeated).toMatchObject({ kind: 'deploy', parameters: { rollout } });
  expect(Object.keys(repeated.parameters)).toEqual(['rollout']);
});

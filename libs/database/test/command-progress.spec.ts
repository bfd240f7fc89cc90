import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { GatewayRepository } from '../src/index';
import { commandStage, event, result } from './command-stage';
import { inSeconds, newAgent } from './fixture';

const stage = commandStage();

test('states only go forward; an end is final, what comes after it is late evidence', async () => {
  const agent = newAgent();
  const id = await stage.accept(agent);
  await stage.progress.applyEvents([event(agent, id, 'acknowledged'), event(agent, id, 'dispatched')]);
  expect(await stage.statusOf(agent, id)).toBe('acknowledged');
  await stage.publish(id);
  expect(
    await stage.progress.applyEvents([event(agent, id, 'dispatched'), event(agent, id, 'expired')]),
  ).toEqual([]);
  expect(await stage.statusOf(agent, id)).toBe('acknowledged');
  const first = result(agent, id, 'error');
  const second = result(agent, id);
  expect(await stage.results.apply([first, first, second])).toEqual({
    stored: 2,
    late: [id],
    changes: [{ correlation_id: id, agent_id: agent, status: 'failed' }],
  });
  expect(await stage.results.apply([second, first])).toEqual({ stored: 0, late: [], changes: [] });
  expect(
    await stage.progress.applyEvents([event(agent, id, 'rejected', 'no'), event(agent, id, 'cancelled')]),
  ).toEqual([]);
  expect(await stage.commands.get(agent, id)).toMatchObject({
    status: 'failed',
    reason: 'ALREADY_EXISTS: alice exists',
    issued_by: 'script',
    parameters: { username: 'alice', password: '***' },
    result: { result_id: first.body.result.result_id, late: false, rc: 1, error: { code: 'ALREADY_EXISTS' } },
  });
});

test('another agent can neither move nor end a command', async () => {
  const agent = newAgent();
  const id = await stage.accept(agent);
  const stranger = newAgent();
  expect(await stage.progress.applyEvents([event(stranger, id, 'rejected')])).toEqual([]);
  expect(await stage.results.apply([result(stranger, id)])).toEqual({ stored: 1, late: [], changes: [] });
  expect(await stage.results.apply([result(stranger, uuidv7())])).toMatchObject({ stored: 1, changes: [] });
  expect(await stage.commands.get(agent, id)).toMatchObject({ status: 'accepted', result: null });
  expect(await stage.commands.get(stranger, id)).toBeUndefined();
});

test('rejected, expired before delivery, cancelled', async () => {
  const agent = newAgent();
  const [a, b, c] = [await stage.accept(agent), await stage.accept(agent), await stage.accept(agent)];
  await stage.progress.applyEvents([
    event(agent, a, 'rejected', 'verb not advertised'),
    event(agent, b, 'expired'),
  ]);
  expect(await stage.commands.requestCancel(agent, c)).toBe(true);
  expect(await stage.commands.requestCancel(agent, c)).toBe(false);
  await stage.progress.applyEvents([event(agent, c, 'cancelled')]);
  expect(await stage.commands.get(agent, a)).toMatchObject({
    status: 'denied',
    reason: 'verb not advertised',
  });
  expect([await stage.statusOf(agent, b), await stage.statusOf(agent, c)]).toEqual(['expired', 'cancelled']);
  await expect(stage.commands.requestCancel(agent, c)).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('what may have been carried out is neither cancelled nor refused by a hub that only had a copy of it', async () => {
  const agent = newAgent();
  const [sent, taken] = [await stage.accept(agent), await stage.accept(agent)];
  await stage.progress.applyEvents([event(agent, sent, 'cancelled'), event(agent, sent, 'dispatched')]);
  await stage.progress.applyEvents([event(agent, taken, 'acknowledged')]);
  await stage.progress.applyEvents([event(agent, taken, 'rejected', 'verb not advertised')]);
  expect(await stage.commands.get(agent, sent)).toMatchObject({ status: 'dispatched', reason: null });
  expect(await stage.commands.get(agent, taken)).toMatchObject({ status: 'acknowledged', reason: null });
  await stage.results.apply([result(agent, sent)]);
  expect(await stage.statusOf(agent, sent)).toBe('succeeded');
});

test('overdue: expired when never delivered, unknown when delivered; a later result is evidence only', async () => {
  const agent = newAgent();
  const past = { accepted_at: inSeconds(-100), expires_at: inSeconds(-40) };
  const waiting = await stage.accept(agent, past);
  const delivered = await stage.accept(agent, past);
  const running = await stage.accept(agent, { ...past, timeout_s: 600 });
  await stage.progress.applyEvents([
    event(agent, delivered, 'dispatched'),
    event(agent, running, 'acknowledged'),
  ]);
  const ended = await stage.reconcile.endOverdue({ graceSeconds: 5 });
  expect(new Map(ended.map((change) => [change.correlation_id, change.status]))).toEqual(
    new Map([
      [waiting, 'expired'],
      [delivered, 'unknown'],
    ]),
  );
  expect(await stage.statusOf(agent, running)).toBe('acknowledged');
  expect(await stage.results.apply([result(agent, delivered)])).toMatchObject({
    late: [delivered],
    changes: [],
  });
  expect(await stage.commands.get(agent, delivered)).toMatchObject({
    status: 'unknown',
    result: { late: true },
  });
});

test('a command lost on its way to a connected gateway is put out again', async () => {
  const agent = newAgent();
  await new GatewayRepository({ db: stage.f.db }).register({ agent_id: agent });
  const id = await stage.accept(agent);
  await stage.publish(id);
  await sql`UPDATE viw.agent_commands SET queued_at = now() - interval '1 minute' WHERE correlation_id = ${id}`.execute(
    stage.f.db,
  );
  const lost = () => stage.reconcile.requeueLost({ afterSeconds: 30 });
  expect(await lost()).toEqual([]);
  await sql`UPDATE viw.os_gateways SET connected = true WHERE agent_id = ${agent}`.execute(stage.f.db);
  expect(await lost()).toEqual([id]);
  expect(await lost()).toEqual([]);
  expect(await stage.unpublished(id)).toHaveLength(1);

  // Not while the copy of last time still waits to be published.
  const pass = (time: string) =>
    sql`UPDATE viw.agent_commands SET accepted_at = accepted_at - ${time}::interval,
      queued_at = queued_at - ${time}::interval WHERE correlation_id = ${id}`.execute(stage.f.db);
  await pass('31 seconds');
  expect(await lost()).toEqual([]);
  await stage.publish(id);
  expect(await lost()).toEqual([id]);

  // Every time it takes twice as long.
  await stage.publish(id);
  let copies = 0;
  for (let minutes = 0; minutes < 24 * 60; minutes++) {
    await pass('1 minute');
    copies += (await lost()).length;
    await stage.publish(id);
  }
  expect(copies).toBeGreaterThanOrEqual(9);
  expect(copies).toBeLessThanOrEqual(12);
});

test('a command that is to be cancelled is not put out again behind its cancellation', async () => {
  const agent = newAgent();
  await new GatewayRepository({ db: stage.f.db }).register({ agent_id: agent });
  await sql`UPDATE viw.os_gateways SET connected = true WHERE agent_id = ${agent}`.execute(stage.f.db);
  const id = await stage.accept(agent);
  await stage.publish(id);
  await sql`UPDATE viw.agent_commands SET queued_at = now() - interval '1 minute' WHERE correlation_id = ${id}`.execute(
    stage.f.db,
  );
  await stage.commands.requestCancel(agent, id);
  expect(await stage.reconcile.requeueLost({ afterSeconds: 30 })).toEqual([]);
});

import type { CommandEventsBody, ResultFrame } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import {
  type AcceptOptions,
  type CommandRequest,
  type CommandTarget,
  CommandProgressRepository,
  CommandReconcileRepository,
  CommandRepository,
  CommandResultRepository,
  GatewayRegistryRepository,
  GatewayRepository,
  type MadeCommand,
  OutboxRepository,
  inTransaction,
} from '../src/index';
import { type Fixture, fixture, inSeconds, newAgent } from './fixture';

let f: Fixture;
let commands: CommandRepository;
let progress: CommandProgressRepository;
let results: CommandResultRepository;
let reconcile: CommandReconcileRepository;
beforeAll(async () => {
  f = await fixture();
  const backend = await f.as('viw_backend');
  const writer = await f.as('viw_results_writer');
  commands = new CommandRepository({ db: backend });
  reconcile = new CommandReconcileRepository({ db: backend });
  progress = new CommandProgressRepository({ db: writer });
  results = new CommandResultRepository({ db: writer });
});
afterAll(() => f.close());

type NewCommand = CommandRequest & MadeCommand;
const command = (agent: string, over: Partial<NewCommand> = {}): NewCommand => ({
  correlation_id: uuidv7(),
  agent_id: agent,
  verb: 'list_users',
  parameters_redacted: { username: 'alice', password: '***' },
  jws: 'a.b.c',
  issued_by: { kind: 'api_client', id: 'client-1', name: 'script' },
  accepted_at: inSeconds(0),
  expires_at: inSeconds(60),
  timeout_s: 30,
  ...over,
});

const take = (made: NewCommand, options: AcceptOptions = {}) => commands.accept(made, () => made, options);

const accept = async (agent: string, over: Partial<NewCommand> = {}): Promise<string> =>
  (await take(command(agent, over))).correlation_id;

const event = (
  agent: string,
  id: string,
  state: CommandEventsBody['state'],
  reason?: string,
): CommandEventsBody => ({
  correlation_id: id,
  agent_id: agent,
  hub: 'hub-1',
  at: inSeconds(0),
  state,
  ...(reason === undefined ? {} : { reason }),
});

const result = (
  agent: string,
  id: string,
  status: ResultFrame['status'] = 'success',
  resultId = uuidv7(),
) => ({
  event_id: uuidv7(),
  body: {
    hub: 'hub-1',
    session_id: 's',
    epoch: 1,
    received_at: inSeconds(0),
    result: {
      result_id: resultId,
      correlation_id: id,
      agent_id: agent,
      verb: 'list_users',
      status,
      rc: status === 'success' ? 0 : 1,
      stdout: 'out',
      stderr: '',
      truncated: false,
      duration_ms: 1.5,
      started_at: inSeconds(0),
      finished_at: inSeconds(0),
      ...(status === 'success' ? {} : { error: { code: 'ALREADY_EXISTS' as const, msg: 'alice exists' } }),
    },
  },
});

const unpublished = async (id: string) =>
  (await new OutboxRepository({ db: f.db }).claimBatch(1_000)).filter((entry) => entry.correlation_id === id);

/** As the relay marks it. */
const publish = async (id: string) => new OutboxRepository({ db: f.db }).markPublished(await unpublished(id));

const statusOf = async (agent: string, id: string) => (await commands.get(agent, id))?.status;

test('accepted with its outbox row, once for the same correlation id or idempotency key', async () => {
  const agent = newAgent();
  const one = command(agent, { idempotency_key: agent });
  const answers = await Promise.all([take(one), take(one), take(one)]);
  expect(answers.map((answer) => answer.created).sort()).toEqual([false, false, true]);
  const again = await take({ ...one, correlation_id: uuidv7(), jws: 'other' });
  expect(again).toMatchObject({ created: false, correlation_id: one.correlation_id });
  const { rows } = await sql<{ body: object; v: number }>`
    SELECT stream, v, body FROM viw.outbox WHERE correlation_id = ${one.correlation_id}`.execute(f.db);
  expect(rows).toEqual([
    expect.objectContaining({
      stream: 'viw.commands',
      v: 1,
      body: expect.objectContaining({ kind: 'run', jws: 'a.b.c' }) as object,
    }),
  ]);
  await expect(take({ ...one, verb: 'delete_user' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(
    take({ ...one, issued_by: { kind: 'api_client', id: 'client-2', name: 'other' } }),
  ).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('the command is made for the gateway as it is; nothing is left when it is refused', async () => {
  const [agent, unknown] = [newAgent(), newAgent()];
  const key = { kty: 'OKP', crv: 'X25519', x: 'x'.repeat(43) } as const;
  await new GatewayRepository({ db: f.db }).register({ agent_id: agent, public_keys: { sealing: key } });
  const targets: unknown[] = [];
  const look = (of: string) =>
    commands.accept(command(of), (target) => {
      targets.push(target);
      throw new AppError('CONFLICT', 'not now');
    });
  await expect(look(agent)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(look(unknown)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(targets).toMatchObject([
    { state: 'expected', revoked: false, supported_verbs: [], sealing_key: key, frozen: undefined },
    { state: undefined, sealing_key: undefined },
  ]);
  expect(await commands.countOpen(agent)).toBe(0);
});

test('a command made for a gateway that changes meanwhile is made again, for what it is then', async () => {
  const agent = newAgent();
  const registry = new GatewayRegistryRepository({ db: f.db });
  const targets: CommandTarget[] = [];
  const made = await commands.accept(command(agent), async (target) => {
    targets.push(target);
    if (targets.length === 1) await new GatewayRepository({ db: f.db }).register({ agent_id: agent });
    return command(agent);
  });
  expect(made.created).toBe(true);
  expect(targets.map(({ state }) => state)).toEqual([undefined, 'expected']);

  await expect(
    commands.accept(command(agent), async (target) => {
      if (target.frozen) throw new AppError('FROZEN', target.frozen.reason ?? '');
      await registry.freezeDelta(true, 'a race');
      return command(agent);
    }),
  ).rejects.toMatchObject({ code: 'FROZEN', message: 'a race' });
  expect(await commands.countOpen(agent)).toBe(1);

  let frozen = true;
  await expect(
    commands.accept(command(agent), async () => {
      frozen = !frozen;
      await registry.freezeDelta(frozen, null);
      return command(agent);
    }),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  await registry.freezeDelta(false, null);
});

test('a freeze waits for what is being stored, and is seen by what comes after it', async () => {
  const agent = newAgent();
  const registry = new GatewayRegistryRepository({ db: f.db });
  const order: string[] = [];
  const waiting = () =>
    eventually(async () => {
      const { rows } = await sql`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE '%pg_advisory_xact_lock%'`.execute(f.db);
      expect(rows).toHaveLength(1);
    });
  let freeze: Promise<unknown> | undefined;
  await inTransaction(f.db, async (trx) => {
    await new CommandRepository({ db: trx }).accept(command(agent), () => command(agent));
    freeze = registry.freezeDelta(true, 'a race').then(() => order.push('frozen'));
    await waiting();
    order.push('accepted');
  });
  await freeze;
  expect(order).toEqual(['accepted', 'frozen']);
  let seen: unknown;
  await commands.accept(command(agent), (target) => {
    seen = target.frozen;
    return command(agent);
  });
  expect(seen).toEqual({ reason: 'a race' });
  await registry.freezeDelta(false, null);
});

test('the audit line is stored with the command, and only with it', async () => {
  const agent = newAgent();
  const one = command(agent);
  const audit = {
    actor: one.issued_by,
    action: 'command.run',
    object: { kind: 'command', id: one.correlation_id },
    outcome: 'success' as const,
    correlation_id: uuidv7(),
    address: '127.0.0.1',
    detail: { agent_id: agent },
  };
  await take(one, { audit });
  await take(one, { audit });
  await expect(take(command(agent), { audit, maxOpen: 1 })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  const { rows } = await sql<object>`SELECT * FROM viw.audit_log
    WHERE object_id = ${one.correlation_id}`.execute(f.db);
  expect(rows).toEqual([
    expect.objectContaining({
      actor_id: 'client-1',
      actor_name: 'script',
      object_kind: 'command',
      outcome: 'success',
      address: '127.0.0.1',
      correlation_id: audit.correlation_id,
      detail: { agent_id: agent },
    }),
  ]);
});

test('the queue of an agent has an end, also when everybody comes at once', async () => {
  const agent = newAgent();
  const answers = await Promise.allSettled(
    Array.from({ length: 6 }, () => take(command(agent), { maxOpen: 3 })),
  );
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(3);
  expect(answers.find((answer) => answer.status === 'rejected')).toMatchObject({
    reason: { code: 'QUEUE_FULL' },
  });
  expect(await commands.countOpen(agent)).toBe(3);
});

test('states only go forward; an end is final, what comes after it is late evidence', async () => {
  const agent = newAgent();
  const id = await accept(agent);
  await progress.applyEvents([event(agent, id, 'acknowledged'), event(agent, id, 'dispatched')]);
  expect(await statusOf(agent, id)).toBe('acknowledged');
  await publish(id);
  expect(await progress.applyEvents([event(agent, id, 'dispatched'), event(agent, id, 'expired')])).toEqual(
    [],
  );
  expect(await statusOf(agent, id)).toBe('acknowledged');
  const first = result(agent, id, 'error');
  const second = result(agent, id);
  expect(await results.apply([first, first, second])).toEqual({
    stored: 2,
    late: [id],
    changes: [{ correlation_id: id, agent_id: agent, status: 'failed' }],
  });
  expect(await results.apply([second, first])).toEqual({ stored: 0, late: [], changes: [] });
  expect(
    await progress.applyEvents([event(agent, id, 'rejected', 'no'), event(agent, id, 'cancelled')]),
  ).toEqual([]);
  expect(await commands.get(agent, id)).toMatchObject({
    status: 'failed',
    reason: 'ALREADY_EXISTS: alice exists',
    issued_by: 'script',
    parameters: { username: 'alice', password: '***' },
    result: { result_id: first.body.result.result_id, late: false, rc: 1, error: { code: 'ALREADY_EXISTS' } },
  });
});

test('another agent can neither move nor end a command', async () => {
  const agent = newAgent();
  const id = await accept(agent);
  const stranger = newAgent();
  expect(await progress.applyEvents([event(stranger, id, 'rejected')])).toEqual([]);
  expect(await results.apply([result(stranger, id)])).toEqual({ stored: 1, late: [], changes: [] });
  expect(await results.apply([result(stranger, uuidv7())])).toMatchObject({ stored: 1, changes: [] });
  expect(await commands.get(agent, id)).toMatchObject({ status: 'accepted', result: null });
  expect(await commands.get(stranger, id)).toBeUndefined();
});

test('rejected, expired before delivery, cancelled', async () => {
  const agent = newAgent();
  const [a, b, c] = [await accept(agent), await accept(agent), await accept(agent)];
  await progress.applyEvents([
    event(agent, a, 'rejected', 'verb not advertised'),
    event(agent, b, 'expired'),
  ]);
  expect(await commands.requestCancel(agent, c)).toBe(true);
  expect(await commands.requestCancel(agent, c)).toBe(false);
  await progress.applyEvents([event(agent, c, 'cancelled')]);
  expect(await commands.get(agent, a)).toMatchObject({ status: 'denied', reason: 'verb not advertised' });
  expect([await statusOf(agent, b), await statusOf(agent, c)]).toEqual(['expired', 'cancelled']);
  await expect(commands.requestCancel(agent, c)).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('what may have been carried out is neither cancelled nor refused by a hub that only had a copy of it', async () => {
  const agent = newAgent();
  const [sent, taken] = [await accept(agent), await accept(agent)];
  await progress.applyEvents([event(agent, sent, 'cancelled'), event(agent, sent, 'dispatched')]);
  await progress.applyEvents([event(agent, taken, 'acknowledged')]);
  await progress.applyEvents([event(agent, taken, 'rejected', 'verb not advertised')]);
  expect(await commands.get(agent, sent)).toMatchObject({ status: 'dispatched', reason: null });
  expect(await commands.get(agent, taken)).toMatchObject({ status: 'acknowledged', reason: null });
  await results.apply([result(agent, sent)]);
  expect(await statusOf(agent, sent)).toBe('succeeded');
});

test('overdue: expired when never delivered, unknown when delivered; a later result is evidence only', async () => {
  const agent = newAgent();
  const past = { accepted_at: inSeconds(-100), expires_at: inSeconds(-40) };
  const waiting = await accept(agent, past);
  const delivered = await accept(agent, past);
  const running = await accept(agent, { ...past, timeout_s: 600 });
  await progress.applyEvents([event(agent, delivered, 'dispatched'), event(agent, running, 'acknowledged')]);
  const ended = await reconcile.endOverdue({ graceSeconds: 5 });
  expect(new Map(ended.map((change) => [change.correlation_id, change.status]))).toEqual(
    new Map([
      [waiting, 'expired'],
      [delivered, 'unknown'],
    ]),
  );
  expect(await statusOf(agent, running)).toBe('acknowledged');
  expect(await results.apply([result(agent, delivered)])).toMatchObject({ late: [delivered], changes: [] });
  expect(await commands.get(agent, delivered)).toMatchObject({ status: 'unknown', result: { late: true } });
});

test('a command lost on its way to a connected gateway is put out again', async () => {
  const agent = newAgent();
  await new GatewayRepository({ db: f.db }).register({ agent_id: agent });
  const id = await accept(agent);
  await publish(id);
  await sql`UPDATE viw.agent_commands SET queued_at = now() - interval '1 minute' WHERE correlation_id = ${id}`.execute(
    f.db,
  );
  const lost = () => reconcile.requeueLost({ afterSeconds: 30 });
  expect(await lost()).toEqual([]);
  await sql`UPDATE viw.os_gateways SET connected = true WHERE agent_id = ${agent}`.execute(f.db);
  expect(await lost()).toEqual([id]);
  expect(await lost()).toEqual([]);
  expect(await unpublished(id)).toHaveLength(1);

  // Not while the copy of last time still waits to be published.
  const pass = (time: string) =>
    sql`UPDATE viw.agent_commands SET accepted_at = accepted_at - ${time}::interval,
      queued_at = queued_at - ${time}::interval WHERE correlation_id = ${id}`.execute(f.db);
  await pass('31 seconds');
  expect(await lost()).toEqual([]);
  await publish(id);
  expect(await lost()).toEqual([id]);

  // Every time it takes twice as long.
  await publish(id);
  let copies = 0;
  for (let minutes = 0; minutes < 24 * 60; minutes++) {
    await pass('1 minute');
    copies += (await lost()).length;
    await publish(id);
  }
  expect(copies).toBeGreaterThanOrEqual(9);
  expect(copies).toBeLessThanOrEqual(12);
});

test('a command that is to be cancelled is not put out again behind its cancellation', async () => {
  const agent = newAgent();
  await new GatewayRepository({ db: f.db }).register({ agent_id: agent });
  await sql`UPDATE viw.os_gateways SET connected = true WHERE agent_id = ${agent}`.execute(f.db);
  const id = await accept(agent);
  await publish(id);
  await sql`UPDATE viw.agent_commands SET queued_at = now() - interval '1 minute' WHERE correlation_id = ${id}`.execute(
    f.db,
  );
  await commands.requestCancel(agent, id);
  expect(await reconcile.requeueLost({ afterSeconds: 30 })).toEqual([]);
});

test('pages, newest first, with total and filter', async () => {
  const agent = newAgent();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await accept(agent, { accepted_at: inSeconds(i > 2 ? 0 : -i) }));
  await progress.applyEvents([event(agent, ids[0] ?? '', 'rejected')]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await commands.list(agent, { limit: 2, cursor, total: true });
    expect(page.total).toBe(5);
    seen.push(...page.items.map((item) => item.correlation_id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect((await commands.list(agent, { status: 'denied' })).items.map((item) => item.correlation_id)).toEqual(
    [ids[0]],
  );
  await expect(commands.list(agent, { cursor: 'bm8' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

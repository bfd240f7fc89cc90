import { AppError, uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import {
  type CommandTarget,
  CommandRepository,
  GatewayRegistryRepository,
  GatewayRepository,
  inTransaction,
} from '../src/index';
import { command, commandStage, event } from './command-stage';
import { inSeconds, newAgent } from './fixture';

const stage = commandStage();

test('accepted with its outbox row, once for the same correlation id or idempotency key', async () => {
  const agent = newAgent();
  const one = command(agent, { idempotency_key: agent });
  const answers = await Promise.all([stage.take(one), stage.take(one), stage.take(one)]);
  expect(answers.map((answer) => answer.created).sort()).toEqual([false, false, true]);
  const again = await stage.take({ ...one, correlation_id: uuidv7(), jws: 'other' });
  expect(again).toMatchObject({ created: false, correlation_id: one.correlation_id });
  const { rows } = await sql<{ body: object; v: number }>`
    SELECT stream, v, body FROM viw.outbox WHERE correlation_id = ${one.correlation_id}`.execute(stage.f.db);
  expect(rows).toEqual([
    expect.objectContaining({
      stream: 'viw.commands',
      v: 1,
      body: expect.objectContaining({ kind: 'run', jws: 'a.b.c' }) as object,
    }),
  ]);
  await expect(stage.take({ ...one, verb: 'delete_user' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(
    stage.take({ ...one, issued_by: { kind: 'api_client', id: 'client-2', name: 'other' } }),
  ).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('the command is made for the gateway as it is; nothing is left when it is refused', async () => {
  const [agent, unknown] = [newAgent(), newAgent()];
  const key = { kty: 'OKP', crv: 'X25519', x: 'x'.repeat(43) } as const;
  await new GatewayRepository({ db: stage.f.db }).register({
    agent_id: agent,
    public_keys: { sealing: key },
  });
  const targets: unknown[] = [];
  const look = (of: string) =>
    stage.commands.accept(command(of), (target) => {
      targets.push(target);
      throw new AppError('CONFLICT', 'not now');
    });
  await expect(look(agent)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(look(unknown)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(targets).toMatchObject([
    { state: 'expected', revoked: false, supported_verbs: [], sealing_key: key, frozen: undefined },
    { state: undefined, sealing_key: undefined },
  ]);
  expect(await stage.commands.countOpen(agent)).toBe(0);
});

test('a command made for a gateway that changes meanwhile is made again, for what it is then', async () => {
  const agent = newAgent();
  const registry = new GatewayRegistryRepository({ db: stage.f.db });
  const targets: CommandTarget[] = [];
  const made = await stage.commands.accept(command(agent), async (target) => {
    targets.push(target);
    if (targets.length === 1) await new GatewayRepository({ db: stage.f.db }).register({ agent_id: agent });
    return command(agent);
  });
  expect(made.created).toBe(true);
  expect(targets.map(({ state }) => state)).toEqual([undefined, 'expected']);

  await expect(
    stage.commands.accept(command(agent), async (target) => {
      if (target.frozen) throw new AppError('FROZEN', target.frozen.reason ?? '');
      await registry.freezeDelta(true, 'a race');
      return command(agent);
    }),
  ).rejects.toMatchObject({ code: 'FROZEN', message: 'a race' });
  expect(await stage.commands.countOpen(agent)).toBe(1);

  let frozen = true;
  await expect(
    stage.commands.accept(command(agent), async () => {
      frozen = !frozen;
      await registry.freezeDelta(frozen, null);
      return command(agent);
    }),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  await registry.freezeDelta(false, null);
});

test('a freeze waits for what is being stored, and is seen by what comes after it', async () => {
  const agent = newAgent();
  const registry = new GatewayRegistryRepository({ db: stage.f.db });
  const order: string[] = [];
  const waiting = () =>
    eventually(async () => {
      const { rows } = await sql`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE '%pg_advisory_xact_lock%'`.execute(stage.f.db);
      expect(rows).toHaveLength(1);
    });
  let freeze: Promise<unknown> | undefined;
  await inTransaction(stage.f.db, async (trx) => {
    await new CommandRepository({ db: trx }).accept(command(agent), () => command(agent));
    freeze = registry.freezeDelta(true, 'a race').then(() => order.push('frozen'));
    await waiting();
    order.push('accepted');
  });
  await freeze;
  expect(order).toEqual(['accepted', 'frozen']);
  let seen: unknown;
  await stage.commands.accept(command(agent), (target) => {
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
  await stage.take(one, { audit });
  await stage.take(one, { audit });
  await expect(stage.take(command(agent), { audit, maxOpen: 1 })).rejects.toMatchObject({
    code: 'QUEUE_FULL',
  });
  const { rows } = await sql<object>`SELECT * FROM viw.audit_log
    WHERE object_id = ${one.correlation_id}`.execute(stage.f.db);
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
    Array.from({ length: 6 }, () => stage.take(command(agent), { maxOpen: 3 })),
  );
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(3);
  expect(answers.find((answer) => answer.status === 'rejected')).toMatchObject({
    reason: { code: 'QUEUE_FULL' },
  });
  expect(await stage.commands.countOpen(agent)).toBe(3);
});

test('pages, newest first, with total and filter', async () => {
  const agent = newAgent();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++)
    ids.unshift(await stage.accept(agent, { accepted_at: inSeconds(i > 2 ? 0 : -i) }));
  await stage.progress.applyEvents([event(agent, ids[0] ?? '', 'rejected')]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await stage.commands.list(agent, { limit: 2, cursor, total: true });
    expect(page.total).toBe(5);
    seen.push(...page.items.map((item) => item.correlation_id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect(
    (await stage.commands.list(agent, { status: 'denied' })).items.map((item) => item.correlation_id),
  ).toEqual([ids[0]]);
  await expect(stage.commands.list(agent, { cursor: 'bm8' })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});

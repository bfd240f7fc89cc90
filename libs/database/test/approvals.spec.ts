import { randomUUID } from 'node:crypto';
import type { VerbPolicyRules } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { AskedCommand, Db } from '../src/index';
import {
  ApiClientRepository,
  ApprovalRepository,
  CommandRetentionRepository,
  GatewayRepository,
  VerbPolicyRepository,
  inTransaction,
  migrate,
  migrations,
} from '../src/index';
import { command, commandStage } from './command-stage';
import { fixture, newAgent } from './fixture';

const stage = commandStage();
const verb = 'list_users';
const asker = { kind: 'api_client', id: 'client-1', name: 'script' };
const second = { kind: 'administrator', id: randomUUID(), name: 'anna' };
let db: Db;
let approvals: ApprovalRepository;
let policies: VerbPolicyRepository;
beforeAll(async () => {
  db = await stage.f.as('viw_backend');
  approvals = new ApprovalRepository({ db });
  policies = new VerbPolicyRepository({ db });
});
beforeEach(() => policies.delete(verb));

const set = (over: Partial<VerbPolicyRules> = {}) =>
  policies.put(
    verb,
    { roles: ['operator'], where: 'all', approval: 'none', approval_ttl_s: 60, max_targets: null, ...over },
    second,
  );
const asked = (agent: string, over: Partial<AskedCommand> = {}): AskedCommand => ({
  ...{
    id: uuidv7(),
    verb,
    agent_id: agent,
    policy_id: 'list_users@1',
    requested_by: asker,
    reason: undefined,
  },
  ...{ parameters_redacted: command(agent).parameters_redacted, arguments: {}, sealing_key: undefined },
  ...{ ttl_s: 60, waits_s: 60, ...over },
});
const audit = { actor: asker, action: 'command.ask', outcome: 'success' } as const;
const plenty = { perGateway: 100, perRequester: 100 };
const newGateway = async (): Promise<string> => {
  const { agent_id } = await new GatewayRepository({ db }).register({ agent_id: newAgent() });
  return agent_id;
};

/** What the statement that stores a command says to this one. */
async function stored(agent: string, id: string, policyId?: string, on = db): Promise<string> {
  const { jws: _, ...made } = command(agent, { correlation_id: id });
  const { issued_by: by, ...row } = { ...made, jws: 'a.b.c', ...(policyId ? { policy_id: policyId } : {}) };
  const document = {
    ...row,
    issued_by_kind: by.kind,
    issued_by_id: by.id,
    issued_by_name: by.name,
    plain_secrets: false,
  };
  const entry = { stream: 'viw.commands', event_id: uuidv7(), v: 1, correlation_id: id, body: {} };
  const { rows } = await sql<{
    outcome: string;
  }>`SELECT viw.accept_command(${JSON.stringify(document)}::jsonb,
    ${JSON.stringify(entry)}::jsonb, NULL, t.seen, 100) AS outcome FROM viw.command_target(${agent}) t`.execute(
    on,
  );
  return rows[0]?.outcome ?? '';
}

describe('the schema itself stores no command', () => {
  it('under another policy than the one there is; none is one, too', async () => {
    const agent = await newGateway();
    const { policy_id: before } = await set();
    const { policy_id: now } = await set({ roles: ['admin'] });
    expect(await stored(agent, uuidv7())).toBe('target_changed');
    expect(await stored(agent, uuidv7(), before)).toBe('target_changed');
    expect(await stored(agent, uuidv7(), now)).toBe('accepted');
    await policies.delete(verb);
    expect(await stored(agent, uuidv7(), now)).toBe('target_changed');
    expect(await stored(agent, uuidv7())).toBe('accepted');
  });

  it('that a second person has to approve and has not, whatever was approved for others', async () => {
    const [agent, other] = [await newGateway(), await newGateway()];
    const { policy_id: policy } = await set({ approval: 'second_person' });
    expect(await stored(agent, uuidv7(), policy)).toBe('not_approved');
    /** What becomes of a command on `agent` in the transaction that has decided so about this request. */
    const after = async (on: string, status: 'approved' | 'rejected' | undefined, over = {}) => {
      const request = asked(on, over);
      await approvals.askCommand(request, plenty, audit);
      return inTransaction(db, async (trx) => {
        if (status) await new ApprovalRepository({ db: trx }).decide(request.id, { status, by: second });
        return stored(agent, request.id, policy, trx);
      });
    };
    expect(await after(agent, undefined)).toBe('taken');
    expect(await after(agent, 'rejected')).toBe('taken');
    expect(await after(other, 'approved')).toBe('taken');
    expect(await after(agent, 'approved', { verb: 'restart_agent' })).toBe('taken');
    expect(await after(agent, 'approved', { parameters_redacted: { username: 'eve' } })).toBe('taken');
    expect(await after(agent, 'approved')).toBe('accepted');
  });

  it('by an approval of before: one counts once, in its own transaction, also when nothing else is left of its command', async () => {
    const agent = await newGateway();
    const { policy_id: policy } = await set({ approval: 'second_person' });
    const request = asked(agent);
    await approvals.askCommand(request, plenty, audit);
    const approved = await inTransaction(db, async (trx) => {
      await new ApprovalRepository({ db: trx }).decide(request.id, { status: 'approved', by: second });
      return [await stored(agent, request.id, policy, trx), await stored(agent, request.id, policy, trx)];
    });
    expect(approved).toEqual(['accepted', 'taken']);
    await sql`DELETE FROM viw.agent_commands WHERE correlation_id = ${request.id}`.execute(stage.f.db);
    expect(await stored(agent, request.id, policy)).toBe('taken');
  });

  it('on a gateway that the policy does not hold any more', async () => {
    const agent = await newGateway();
    const { policy_id: policy } = await set({ where: { ids: [], labels: { tier: 'test' } } });
    expect(await stored(agent, uuidv7(), policy)).toBe('target_changed');
    await new GatewayRepository({ db }).patch(agent, { labels: { tier: 'test', more: 'x' } });
    expect(await stored(agent, uuidv7(), policy)).toBe('accepted');
    await sql`UPDATE viw.verb_policies SET selector = '{"ids": [], "labels": {}}'`.execute(stage.f.db);
    expect(await stored(agent, uuidv7(), policy)).toBe('target_changed');
  });
});

describe('while a command is being accepted', () => {
  /** Runs `other` once the command is stored and not yet committed; commits when that waits for an advisory lock, or has ended. */
  async function beside(agent: string, policyId: string, other: () => Promise<string>): Promise<string> {
    return inTransaction(await stage.f.as('viw_backend'), async (trx) => {
      expect(await stored(agent, uuidv7(), policyId, trx)).toBe('accepted');
      let over = false;
      const outcome = other().finally(() => (over = true));
      await eventually(async () => {
        const { rows } = await sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(
          stage.f.db,
        );
        expect(over || rows.length > 0).toBe(true);
      });
      return over ? `did not wait: ${await outcome}` : { outcome };
    }).then((waited) => (typeof waited === 'string' ? waited : waited.outcome));
  }

  it('its policy does not change', async () => {
    const { policy_id: policy } = await set();
    const change = () =>
      inTransaction(db, async (trx) => {
        await new VerbPolicyRepository({ db: trx }).lock(verb);
        return 'changed';
      });
    expect(await beside(await newGateway(), policy, change)).toBe('changed');
  });

  it('none is on another gateway, when the policy allows one at a time', async () => {
    const [agent, other] = [await newGateway(), await newGateway()];
    // Of no other test.
    await sql`UPDATE viw.agent_commands SET status = 'succeeded'`.execute(stage.f.db);
    const { policy_id: policy } = await set({ max_targets: 1 });
    // It does not wait for ever, and a busy machine may let it wait for too long.
    const too = () => stored(other, uuidv7(), policy).catch((error: { code: string }) => error.code);
    expect(['too_many_targets', '55P03', 'did not wait: 55P03']).toContain(await beside(agent, policy, too));
  });
});

it('so many wait per gateway and per who has asked, however many ask at once', async () => {
  const [agent, other] = [newAgent(), newAgent()];
  const limits = { perGateway: 4, perRequester: 3 };
  const by = { ...asker, id: randomUUID() };
  const askFor = (at: string, from: typeof asker) =>
    approvals
      .askCommand(asked(at, { requested_by: from }), limits, audit)
      .catch((error: { code: string }) => error.code);
  const here = await Promise.all([1, 2, 3, 4].map(() => askFor(agent, by)));
  expect(here.toSorted()).toEqual(['QUEUE_FULL', 'QUEUE_FULL', true, true]);
  expect(await askFor(other, by)).toBe(true);
  expect(await askFor(newAgent(), by)).toBe('QUEUE_FULL');
  const others = await Promise.all([1, 2, 3, 4].map(() => askFor(agent, { ...asker, id: randomUUID() })));
  expect(others.toSorted()).toEqual(['QUEUE_FULL', 'QUEUE_FULL', true, true]);
  expect(await askFor(other, { ...asker, id: randomUUID() })).toBe(true);
});

it('an id is asked for once, and is no command’s', async () => {
  const agent = await newGateway();
  const request = asked(agent);
  expect(await approvals.askCommand(request, plenty, audit)).toBe(true);
  expect(await approvals.askCommand(request, plenty, audit)).toBe(false);
  const id = await stage.accept(agent);
  expect(await approvals.askCommand(asked(agent, { id }), plenty, audit)).toBe(false);
});

it('of one that has ended no arguments are kept, and after its retention nothing', async () => {
  const retention = new CommandRetentionRepository({ db: await stage.f.as('viw_results_writer') });
  const [old, young, waiting] = [asked(newAgent()), asked(newAgent()), asked(newAgent())];
  for (const request of [old, young, waiting]) await approvals.askCommand(request, plenty, audit);
  for (const { id } of [old, young])
    await inTransaction(db, async (trx) => {
      const inside = new ApprovalRepository({ db: trx });
      expect(await inside.lock(id, second)).toMatchObject({ arguments: {}, record: { own: false } });
      await inside.decide(id, { status: 'rejected', by: second });
      expect((await inside.lock(id, second))?.arguments).toBeNull();
    });
  await sql`UPDATE viw.approval_requests SET expires_at = now() - interval '401 days'
    WHERE id IN (${old.id}, ${waiting.id})`.execute(stage.f.db);
  expect(await retention.approvals({ keepDays: 400, limit: 100 })).toBe(1);
  expect(await approvals.get(old.id, second)).toBeUndefined();
  expect(await approvals.get(young.id, asker)).toMatchObject({ status: 'rejected', own: true });
  expect((await approvals.expire()).map(({ id }) => id)).toEqual([waiting.id]);
});

it('versions of policies grow and follow the clock, also when a backup has set their sequence back', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const { version: before } = await set();
  expect(before).toBeGreaterThanOrEqual(now);
  const versions = [];
  for (let i = 0; i < 3; i++) versions.push((await set()).version);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  expect(versions[0]).toBeGreaterThan(before);
  await sql`SELECT setval('viw.verb_policy_versions', 1)`.execute(stage.f.db);
  expect((await set()).version).toBeGreaterThanOrEqual(now);
  await sql`SELECT setval('viw.verb_policy_versions', ${now + 10_000})`.execute(stage.f.db);
  expect((await set()).version).toBe(now + 10_001);
});

it('who has made the API clients that there are is told by the audit log', async () => {
  const older = await fixture({ migrated: false });
  const [maker, holder] = [randomUUID(), randomUUID()];
  // The grants name what is not there yet.
  await expect(
    migrate(
      older.db,
      migrations.filter(({ name }) => name < '0065'),
    ),
  ).rejects.toThrow(/does not exist/);
  const client = await new ApiClientRepository({ db: older.db }).create({ name: 'old', role: 'operator' });
  const line = (actor: string, action: string, objectId: string, detail: object, kind = 'administrator') =>
    sql`INSERT INTO viw.audit_log (actor_kind, actor_id, actor_name, action, object_kind, object_id, outcome, detail)
      VALUES (${kind}, ${actor}, 'x', ${action}, 'x', ${objectId}, 'success', ${JSON.stringify(detail)})`.execute(
      older.db,
    );
  await line(maker, 'api_client.create', client.id, {});
  await line(holder, 'api_key.create', 'key-1', { client_id: client.id });
  await line(randomUUID(), 'api_client.update', client.id, {});
  await line('not an id', 'api_client.create', client.id, {});
  await line(randomUUID(), 'api_client.create', randomUUID(), {});
  // A client that made another, which made a third and is gone; and one that has renewed its own key.
  const third = await new ApiClientRepository({ db: older.db }).create({ name: 'third', role: 'operator' });
  const gone = randomUUID();
  await line(client.id, 'api_client.create', gone, {}, 'api_client');
  await line(gone, 'api_client.create', third.id, {}, 'api_client');
  await line(third.id, 'api_key.create', 'key-2', { client_id: third.id }, 'api_client');
  await migrate(older.db);
  for (const { id: made } of [client, third]) {
    const { rows } = await sql<{ id: string }>`SELECT administrator_id AS id FROM viw.api_client_makers
      WHERE client_id = ${made}`.execute(older.db);
    expect(rows.map(({ id }) => id).toSorted()).toEqual([maker, holder].toSorted());
  }
  await older.close();
});

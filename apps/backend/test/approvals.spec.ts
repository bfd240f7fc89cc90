import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { CommandVerifier, openArguments } from '@viw/commands';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Person } from './approval-stage';
import { ApprovalStage, code } from './approval-stage';
import { Collected } from './sse';

let stage: ApprovalStage;
let asker: Person;
let approver: Person;
const verb = 'create_panel_user';

beforeAll(async () => {
  stage = await ApprovalStage.open();
  [asker, approver] = [await stage.person('operator'), await stage.person('operator')];
}, 60_000);
beforeEach(() => stage.policy(verb, { approval: 'second_person' }));
afterAll(() => stage?.close());

const newPassword = () => `Planted-${randomUUID()}`;
const ask = async (by: Client, agent: string, password = newPassword()): Promise<string> => {
  const parameters = { username: 'anna', password };
  const answer = await by.commands.run(agent, {
    command: verb,
    parameters,
    ttl_s: 90,
    reason: 'a new colleague',
  });
  expect(answer.status).toBe('awaiting_approval');
  return answer.correlation_id;
};
const waits = { status: 'waiting', commands: 0, outbox: 0 };

/** Where in Postgres a text stands. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`SELECT format('%I.%I', schemaname, tablename) AS name
    FROM pg_tables WHERE schemaname = 'viw'`.execute(stage.around.owner);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql`SELECT 1 FROM ${sql.raw(name)} AS t
      WHERE position(${text} in t::text) > 0 LIMIT 1`.execute(stage.around.owner);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

it('a command waits, and is carried out in the name of who has asked once somebody else approves', async () => {
  const agent = await stage.gateway();
  const password = newPassword();
  const id = await ask(asker.client, agent, password);
  expect(await stage.traces(id)).toEqual(waits);
  await expect(asker.client.commands.get(agent, id)).rejects.toEqual(code('NOT_FOUND'));
  expect(await tablesWith(password)).toEqual([]);
  const seen = await approver.client.approvals.get(id);
  expect(seen).toMatchObject({
    ...{ kind: 'command', verb, agent_id: agent, status: 'waiting', reason: 'a new colleague', ttl_s: 90 },
    parameters: { username: 'anna', password: '***' },
    requested_by: { kind: 'administrator', id: asker.id, name: asker.email },
    may: ['approve', 'reject'],
  });
  expect(Date.parse(seen.expires_at) - Date.parse(seen.requested_at)).toBe(3_600_000);
  expect((await asker.client.approvals.get(id)).may).toEqual(['withdraw']);

  // As if it had waited for long: times count from the approval.
  const approvedAt = Math.floor(Date.now() / 1_000);
  expect(await approver.client.approvals.approve(id, { note: 'I know her' })).toMatchObject({
    ...{ status: 'approved', decision_note: 'I know her', may: [] },
    decided_by: { id: approver.id, name: approver.email },
  });
  expect(await stage.traces(id)).toEqual({ status: 'approved', commands: 1, outbox: 1 });
  const { rows } = await sql<{ jws: string }>`SELECT jws FROM viw.agent_commands
    WHERE correlation_id = ${id}`.execute(stage.around.owner);
  const verifier = new CommandVerifier({ trustedKeys: [stage.around.signing.publicKey] });
  const claims = await verifier.verify(rows[0]?.jws ?? '', { agentId: agent, verb, correlationId: id });
  expect(claims.actor).toEqual({ id: asker.id, role: 'operator' });
  expect(claims.policy_id).toBe(seen.policy_id);
  expect(claims.policy_id).toMatch(/^create_panel_user@[0-9]+$/);
  expect(claims.exp - claims.iat).toBe(90);
  expect(claims.iat).toBeGreaterThanOrEqual(approvedAt);
  const { privateKey } = stage.around.sealing;
  const opened = await openArguments(verb, claims.args, privateKey, { correlationId: id, agentId: agent });
  expect(opened.args).toEqual({ username: 'anna', password });

  expect(await tablesWith(password)).toEqual([]);
  expect(stage.backend.log.join('\n')).not.toContain(password);
  const { rows: kept } = await sql`SELECT 1 FROM viw.approval_requests
    WHERE id = ${id} AND arguments IS NOT NULL`.execute(stage.around.owner);
  expect(kept).toEqual([]);
  expect(await stage.audited(id)).toMatchObject([
    { action: 'command.ask', actor: asker.email, detail: { verb, reason: 'a new colleague' } },
    {
      ...{ action: 'command.approve', actor: approver.email },
      detail: {
        agent_id: agent,
        verb,
        requested_by: { id: asker.id },
        policy_id: seen.policy_id,
        note: 'I know her',
      },
    },
  ]);
});

it('answers 202 with Location at the request, and repetitions get the first answer', async () => {
  const agent = await stage.gateway();
  const { client, id: maker } = await stage.machineOf(stage.admin, 'operator');
  await stage.policy('list_users', { approval: 'second_person' });
  const response = await fetch(`${stage.backend.url}/agent/commands/${agent}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${(await stage.admin.apiClients.createKey(maker)).key}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ command: 'list_users' }),
  });
  const answer = (await response.json()) as { correlation_id: string };
  expect([response.status, response.headers.get('location')]).toEqual([
    202,
    `/admin/api/approvals/${answer.correlation_id}`,
  ]);
  const own = { command: 'list_users', correlation_id: randomUUID() };
  const waiting = { correlation_id: own.correlation_id, status: 'awaiting_approval' };
  const answers = await Promise.all(Array.from({ length: 4 }, () => client.commands.run(agent, own)));
  expect(answers).toEqual([waiting, waiting, waiting, waiting]);
  await expect(client.commands.run(agent, { ...own, command: 'list_containers' })).rejects.toEqual(
    code('CONFLICT'),
  );
  await expect(asker.client.commands.run(agent, own)).rejects.toEqual(code('CONFLICT'));
  await approver.client.approvals.approve(own.correlation_id);
  expect(await client.commands.run(agent, own)).toEqual({ correlation_id: own.correlation_id });
  expect(await stage.traces(own.correlation_id)).toEqual({ status: 'approved', commands: 1, outbox: 1 });
  await stage.policy('list_users', undefined);
});

it('what was approved once and whose command is forgotten is neither run nor asked for anew', async () => {
  const agent = await stage.gateway();
  const own = { command: 'list_users', correlation_id: randomUUID() };
  await stage.policy('list_users', { approval: 'second_person' });
  await asker.client.commands.run(agent, own);
  await approver.client.approvals.approve(own.correlation_id);
  await sql`DELETE FROM viw.agent_commands WHERE correlation_id = ${own.correlation_id}`.execute(
    stage.around.owner,
  );
  await expect(asker.client.commands.run(agent, own)).rejects.toEqual(code('CONFLICT', 409));
  await stage.policy('list_users', undefined);
  await expect(asker.client.commands.run(agent, own)).rejects.toEqual(code('CONFLICT', 409));
  expect(await stage.traces(own.correlation_id)).toMatchObject({ status: 'approved', commands: 0 });
});

it('approval of what may pass is refused, and the command goes on waiting', async () => {
  const agent = await stage.gateway();
  const id = await ask(asker.client, agent);
  await stage.admin.freeze.on({ reason: 'a drill' });
  await expect(approver.client.approvals.approve(id)).rejects.toEqual(code('FROZEN', 409));
  await expect(asker.client.commands.run(agent, { command: 'list_users' })).rejects.toEqual(code('FROZEN'));
  await stage.admin.freeze.off();
  await sql`UPDATE viw.os_gateways SET supported_verbs = '["list_users"]' WHERE agent_id = ${agent}`.execute(
    stage.around.owner,
  );
  await expect(approver.client.approvals.approve(id)).rejects.toEqual(code('NOT_IMPLEMENTED'));
  expect(await stage.traces(id)).toEqual(waits);
  await sql`UPDATE viw.os_gateways SET supported_verbs = '[]' WHERE agent_id = ${agent}`.execute(
    stage.around.owner,
  );
  await approver.client.approvals.approve(id);
  await eventually(async () => expect(await stage.traces(id)).toMatchObject({ commands: 1, outbox: 1 }));
});

describe('a request that waits', () => {
  const decisions = ['approve', 'reject', 'withdraw'] as const;
  const refusedNow = async (id: string): Promise<void> => {
    for (const decide of decisions) {
      const by = decide === 'withdraw' ? asker : approver;
      await expect(by.client.approvals[decide](id)).rejects.toEqual(code('CONFLICT', 409));
    }
  };

  it.each([
    ['reject', 'rejected', () => approver],
    ['withdraw', 'withdrawn', () => asker],
  ] as const)('ends by %s, and then nothing can be done about it', async (decide, status, who) => {
    const id = await ask(asker.client, await stage.gateway());
    const note = 'not today';
    expect(await who().client.approvals[decide](id, { note })).toMatchObject({ status, decision_note: note });
    await refusedNow(id);
    expect(await stage.traces(id)).toEqual({ status, commands: 0, outbox: 0 });
    expect(await stage.audited(id)).toMatchObject([
      { action: 'command.ask' },
      { action: `approval.${decide}`, actor: who().email, detail: { note, requested_by: { id: asker.id } } },
    ]);
  });

  it('is withdrawn by who has asked alone, or made the machine that has', async () => {
    const { client: machine } = await stage.machineOf(stage.admin, 'operator');
    const ids = [
      await ask(machine, await stage.gateway()),
      await ask(machine, await stage.gateway()),
    ] as const;
    await expect(approver.client.approvals.withdraw(ids[0])).rejects.toEqual(code('FORBIDDEN'));
    await machine.approvals.withdraw(ids[0]);
    await stage.admin.approvals.withdraw(ids[1]);
    expect(await stage.traces(ids[1])).toMatchObject({ status: 'withdrawn', commands: 0 });
  });

  it('is over when its time is, whether or not that has been noted', async () => {
    const agent = await stage.gateway();
    const id = await ask(asker.client, agent);
    await sql`UPDATE viw.approval_requests SET expires_at = now() - interval '1 second' WHERE id = ${id}`.execute(
      stage.around.owner,
    );
    await refusedNow(id);
    const listed = async (status: 'waiting' | 'expired') =>
      (await approver.client.approvals.list({ status, kind: 'command' })).items.map((each) => each.id);
    expect(await listed('expired')).toContain(id);
    expect(await listed('waiting')).not.toContain(id);
    await eventually(async () => expect(await stage.traces(id)).toMatchObject({ status: 'expired' }));
    expect(await stage.audited(id)).toMatchObject([
      { action: 'command.ask' },
      {
        ...{ action: 'approval.expire', actor: 'backend', object: 'command' },
        detail: { approval_id: id, verb, agent_id: agent, requested_by: { id: asker.id, name: asker.email } },
      },
    ]);
  });

  it('is listed newest first, in pages', async () => {
    const agent = await stage.gateway({ team: 'pages' });
    const scope = { gateways: { ids: [agent] }, verbs: 'all' as const };
    const { client } = await stage.person('viewer', scope);
    const ids = [];
    for (let i = 0; i < 3; i++) ids.unshift(await ask(asker.client, agent));
    const first = await client.approvals.list({ limit: 2, total: 'true' });
    const second = await client.approvals.list({ limit: 2, cursor: first.next_cursor ?? '' });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect([first.total, second.next_cursor]).toEqual([3, null]);
  });
});

it('event streams tell of it when it is asked for and when it ends', async () => {
  const events = new Collected((signal) => approver.client.events({ topics: ['commands'] }, signal));
  try {
    await eventually(() => expect(events.types).toContain('ready'));
    const id = await ask(asker.client, await stage.gateway());
    const told = () => events.changed.filter((each) => each === id);
    await eventually(() => expect(told()).toEqual([id]));
    await approver.client.approvals.reject(id);
    await eventually(() => expect(told()).toEqual([id, id]));
  } finally {
    await events.close();
  }
});

it('secrets that would have to wait in clear are refused', async () => {
  const agent = await stage.gateway({}, { sealed: false });
  await stage.admin.gateways.update(agent, { allow_plain_secrets: true });
  const password = newPassword();
  const run = asker.client.commands.run(agent, { command: verb, parameters: { username: 'anna', password } });
  await expect(run).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('in clear') as string,
  });
  expect(await tablesWith(password)).toEqual([]);
});

it('a gateway has 20 that wait, half of them of one who asks, then it says when to come back', async () => {
  const [agent, third] = [await stage.gateway(), await stage.person('operator')];
  const full = { code: 'QUEUE_FULL', status: 429, retryAfterS: 60 };
  for (const { client } of [asker, approver]) {
    await Promise.all(Array.from({ length: 10 }, () => ask(client, agent)));
    await expect(ask(client, agent)).rejects.toMatchObject(full);
  }
  await expect(ask(third.client, agent)).rejects.toMatchObject(full);
});

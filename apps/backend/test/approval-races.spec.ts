import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Person } from './approval-stage';
import { ApprovalStage, code } from './approval-stage';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

/** Two backends of one installation. */
let stage: ApprovalStage;
let other: TestBackend;
let asker: Person;
let approvers: Client[];
const verb = 'reload_service';
const ROUNDS = 5;

beforeAll(async () => {
  stage = await ApprovalStage.open();
  other = await startBackend(stage.around);
  asker = await stage.person('operator');
  const [one, two] = [await stage.person('operator'), await stage.person('operator')];
  approvers = [one.client, await two.at(other)];
}, 60_000);
beforeEach(async () => {
  await endAll();
  await stage.policy(verb, { approval: 'second_person' });
});
afterAll(async () => {
  await other?.stop();
  await stage?.close();
});

/** Nothing of this verb is open any more. The relay has been at each first: it locks rows as well. */
async function endAll(): Promise<void> {
  const { owner } = stage.around;
  await eventually(async () => {
    const { rows } = await sql`SELECT 1 FROM viw.agent_commands
      WHERE verb = ${verb} AND status = 'accepted'`.execute(owner);
    expect(rows).toEqual([]);
  });
  await sql`UPDATE viw.agent_commands SET status = 'succeeded' WHERE verb = ${verb}`.execute(owner);
}

const run = (client: Client, agent: string) =>
  client.commands.run(agent, { command: verb, parameters: { service: 'openvpn' } });

const outcomeOf = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => 'done',
    (error: { code: string; status: number }) => `${error.code} ${error.status}`,
  );

/** Both at once: what became of each. */
async function both(one: () => Promise<unknown>, two: () => Promise<unknown>) {
  const ended = await Promise.allSettled([one(), two()]);
  return ended.map((each) => (each.status === 'fulfilled' ? 'done' : (each.reason as { code: string }).code));
}

it('of two people who approve at once, on two backends, one does and the other is told so', async () => {
  const agent = await stage.gateway();
  for (let i = 0; i < ROUNDS; i++) {
    const { correlation_id: id } = await run(asker.client, agent);
    const [one, two] = approvers.map((client) => () => client.approvals.approve(id));
    expect((await both(one!, two!)).toSorted()).toEqual(['CONFLICT', 'done']);
    expect(await stage.traces(id)).toEqual({ status: 'approved', commands: 1, outbox: 1 });
  }
});

it('of an approval and a withdrawal at once one counts', async () => {
  const [agent, there] = [await stage.gateway(), await asker.at(other)];
  for (let i = 0; i < ROUNDS; i++) {
    const { correlation_id: id } = await run(asker.client, agent);
    const [approved, withdrawn] = await both(
      () => approvers[0]!.approvals.approve(id),
      () => there.approvals.withdraw(id),
    );
    expect([approved, withdrawn].toSorted()).toEqual(['CONFLICT', 'done']);
    const n = approved === 'done' ? 1 : 0;
    const status = approved === 'done' ? 'approved' : 'withdrawn';
    expect(await stage.traces(id)).toEqual({ status, commands: n, outbox: n });
  }
});

it('an approval that fails half way has not happened, and can be given again', async () => {
  const { correlation_id: id } = await run(asker.client, await stage.gateway());
  const constraint = (change: string) =>
    sql.raw(`ALTER TABLE viw.outbox ${change}`).execute(stage.around.owner);
  await constraint(`ADD CONSTRAINT drill CHECK (body ->> 'correlation_id' <> '${id}') NOT VALID`);
  await expect(approvers[0]!.approvals.approve(id)).rejects.toMatchObject({ status: 500 });
  expect(await stage.traces(id)).toEqual({ status: 'waiting', commands: 0, outbox: 0 });
  expect((await stage.audited(id)).map(({ action }) => action)).toEqual(['command.ask']);
  await constraint('DROP CONSTRAINT drill');
  await approvers[1]!.approvals.approve(id);
  expect(await stage.traces(id)).toEqual({ status: 'approved', commands: 1, outbox: 1 });
});

it('who approves is held to the policy that the command is accepted under, not to one of a moment before', async () => {
  const { owner } = stage.around;
  await stage.policy(verb, { approval: 'second_person', roles: ['admin', 'operator'] });
  const { correlation_id: id } = await run(stage.admin, await stage.gateway());
  // The policy changes after the approver was let through, and before the command is accepted.
  await sql`CREATE FUNCTION viw.drill() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    UPDATE viw.verb_policies SET roles = '{admin}' WHERE verb = NEW.verb; RETURN NEW; END $$`.execute(owner);
  await sql
    .raw(
      `CREATE TRIGGER drill BEFORE UPDATE ON viw.approval_requests FOR EACH ROW
        WHEN (NEW.id = '${id}' AND NEW.status = 'approved') EXECUTE FUNCTION viw.drill()`,
    )
    .execute(owner);
  await expect(approvers[0]!.approvals.approve(id)).rejects.toEqual(code('FORBIDDEN', 403));
  expect(await stage.traces(id)).toEqual({ status: 'waiting', commands: 0, outbox: 0 });
  await sql`DROP FUNCTION viw.drill() CASCADE`.execute(owner);
  await approvers[0]!.approvals.approve(id);
  expect(await stage.traces(id)).toMatchObject({ status: 'approved', commands: 1 });
});

describe('a policy that allows so many gateways at once', () => {
  it('holds among backends, for commands and for approvals', async () => {
    await stage.policy(verb, { max_targets: 2 });
    const agents = await Promise.all(Array.from({ length: 6 }, () => stage.gateway()));
    const clients = [asker.client, await asker.at(other)];
    const asked = (agent: string, i: number) => outcomeOf(run(clients[i % 2]!, agent));
    const outcomes = await Promise.all(agents.map(asked));
    // On a busy machine one waits too long for its turn: it comes again when nobody is before it.
    for (const [i, outcome] of outcomes.entries())
      if (outcome.startsWith('UNAVAILABLE')) outcomes[i] = await asked(agents[i]!, i);
    expect(outcomes.toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'QUEUE_FULL 429'),
      ...['done', 'done'],
    ]);

    await stage.policy(verb, { max_targets: 2, approval: 'second_person' });
    const free = agents[outcomes.indexOf('QUEUE_FULL 429')];
    const { correlation_id: id } = await run(asker.client, free!);
    await expect(approvers[0]!.approvals.approve(id)).rejects.toEqual(code('QUEUE_FULL', 429));
    expect(await stage.traces(id)).toEqual({ status: 'waiting', commands: 0, outbox: 0 });
    await endAll();
    await approvers[0]!.approvals.approve(id);
    expect(await stage.traces(id)).toMatchObject({ status: 'approved', commands: 1 });
  });

  it('counts gateways, not commands', async () => {
    await stage.policy(verb, { max_targets: 1 });
    const [agent, another] = [await stage.gateway(), await stage.gateway()];
    await run(asker.client, agent);
    await run(asker.client, agent);
    await expect(run(asker.client, another)).rejects.toEqual(code('QUEUE_FULL'));
  });
});

it('once a policy has been set nothing is accepted that it would have had wait', async () => {
  await stage.policy('list_users', undefined);
  const there = await asker.at(other);
  const agent = await stage.gateway();
  const started = Promise.allSettled(
    Array.from({ length: 8 }, () => there.commands.run(agent, { command: 'list_users' })),
  );
  await stage.admin.verbPolicies.set('list_users', { approval: 'second_person' });
  // By another one: the first may have as many waiting here already as one may have.
  const after = await Promise.all(
    Array.from({ length: 4 }, () => approvers[1]!.commands.run(agent, { command: 'list_users' })),
  );
  expect(after.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'awaiting_approval'));
  // Each of those that were under way has been accepted before, or waits; or has waited for the change for too long.
  for (const each of await started)
    if (each.status === 'rejected') expect(each.reason).toEqual(code('UNAVAILABLE'));
    else {
      const { correlation_id: id, status } = each.value;
      expect((await stage.traces(id)).commands).toBe(status === undefined ? 1 : 0);
    }
});

import type { VerbPolicyPut } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Person } from './approval-stage';
import { ApprovalStage, code } from './approval-stage';

let stage: ApprovalStage;
let asker: Person;
let approver: Person;
const verb = 'restart_agent';

beforeAll(async () => {
  stage = await ApprovalStage.open();
  [asker, approver] = [await stage.person('admin'), await stage.person('admin')];
}, 60_000);
beforeEach(() => stage.policy(verb, { approval: 'second_person', roles: ['admin'] }));
afterAll(() => stage?.close());

const policy = async () => (await stage.admin.verbPolicies.list()).items.find((each) => each.verb === verb);
const strict: VerbPolicyPut = { approval: 'second_person', roles: ['admin'] };
const weaker: VerbPolicyPut = { approval: 'none', roles: ['admin'] };

/** @returns the id of the request */
async function askFor(body: VerbPolicyPut | undefined, { client } = asker): Promise<string> {
  const answer = body
    ? await client.verbPolicies.set(verb, { ...body, reason: 'it is in the way' })
    : await client.verbPolicies.delete(verb);
  expect(answer).toMatchObject({
    status: 'awaiting_approval',
    policy: { roles: ['admin'], approval: 'second_person' },
  });
  return answer.approval_id ?? '';
}

it('has a version that never comes again, and is not overwritten unseen', async () => {
  await stage.policy(verb, { roles: ['operator'] });
  const first = await policy();
  expect(first).toMatchObject({
    ...{ policy_id: `${verb}@${first?.version}`, changed_by: stage.backend.admin.email },
    ...{ roles: ['operator'], where: 'all', approval: 'none', approval_ttl_s: 3_600, max_targets: null },
  });
  const set = (version: number | null) => stage.admin.verbPolicies.set(verb, { max_targets: 3, version });
  for (const wrong of [null, (first?.version ?? 0) + 1])
    await expect(set(wrong)).rejects.toEqual(code('CONFLICT', 409));
  const changed = await set(first?.version ?? 0);
  expect(changed.policy?.version).toBeGreaterThan(first?.version ?? 0);
  const same = await stage.admin.verbPolicies.set(verb, { max_targets: 3 });
  expect(same.policy?.version).toBe(changed.policy?.version);
  await expect(stage.admin.verbPolicies.delete(verb, { version: first?.version ?? 0 })).rejects.toEqual(
    code('CONFLICT'),
  );
  expect(await stage.admin.verbPolicies.delete(verb)).toEqual({
    ...{ status: 'changed', policy: null, approval_id: null },
  });
  await expect(stage.admin.verbPolicies.delete(verb)).rejects.toEqual(code('NOT_FOUND'));
  const again = await stage.admin.verbPolicies.set(verb, { max_targets: 3, version: null });
  expect(again.policy?.version).toBeGreaterThan(changed.policy?.version ?? 0);
  const lines = await stage.audited(verb);
  expect(lines.slice(-4).map(({ action }) => action)).toEqual([
    ...['verb_policy.set', 'verb_policy.set', 'verb_policy.delete', 'verb_policy.set'],
  ]);
  await expect(stage.admin.verbPolicies.set('rm_rf', {})).rejects.toEqual(code('UNKNOWN_VERB', 400));
});

describe('says who may run the verb, and where', () => {
  const run = (person: Person, agent: string) => person.client.commands.run(agent, { command: verb });

  it('a role', async () => {
    const [operator, agent] = [await stage.person('operator'), await stage.gateway()];
    await stage.policy(verb, { roles: ['admin'] });
    await expect(run(operator, agent)).rejects.toEqual(code('FORBIDDEN', 403));
    await run(asker, agent);
    await stage.policy(verb, { roles: ['operator'] });
    await expect(run(asker, agent)).rejects.toEqual(code('FORBIDDEN', 403));
    await run(operator, agent);
    const { rows } = await sql`SELECT 1 FROM viw.audit_log WHERE action = 'request.denied'
      AND detail ->> 'reason' LIKE ${`The policy of ${verb}%`}`.execute(stage.around.owner);
    expect(rows).toHaveLength(2);
  });

  it('gateways, by id or label', async () => {
    const [named, labelled, foreign] = [
      await stage.gateway(),
      await stage.gateway({ tier: 'test', site: 'x' }),
      await stage.gateway({ tier: 'live' }),
    ];
    await stage.policy(verb, { where: { ids: [named], labels: { tier: 'test' } } });
    await run(asker, named);
    await run(asker, labelled);
    await expect(run(asker, foreign)).rejects.toEqual(code('FORBIDDEN'));
    await stage.admin.gateways.update(labelled, { labels: { tier: 'live' } });
    await expect(run(asker, labelled)).rejects.toEqual(code('FORBIDDEN'));
    await stage.policy(verb, { where: { ids: [] } });
    await expect(run(asker, named)).rejects.toEqual(code('FORBIDDEN'));
  });

  it('to who is narrowed without naming gateways', async () => {
    await stage.policy(verb, { where: { ids: ['gw-secret'] } });
    const narrowed = (verbs: string[]) => stage.person('viewer', { gateways: { ids: [] }, verbs });
    const { items } = await (await narrowed([verb])).client.verbPolicies.list();
    expect(items).toMatchObject([{ verb, where: null }]);
    expect((await (await narrowed(['list_users'])).client.verbPolicies.list()).items).toEqual([]);
  });
});

describe('one that asks for a second person', () => {
  it('gets stronger at once', async () => {
    const { status, policy: now } = await asker.client.verbPolicies.set(verb, { ...strict, max_targets: 1 });
    expect([status, now?.max_targets]).toEqual(['changed', 1]);
  });

  it.each<[string, VerbPolicyPut | undefined, object | undefined]>([
    ['no second person', weaker, { approval: 'none', roles: ['admin'] }],
    [
      'more roles',
      { approval: 'second_person' },
      { approval: 'second_person', roles: ['admin', 'operator'] },
    ],
    ['deletion', undefined, undefined],
  ])('gets weaker by a second person only: %s', async (_, body, after) => {
    const before = await policy();
    const id = await askFor(body);
    expect(await policy()).toEqual(before);
    // One at a time.
    await expect(approver.client.verbPolicies.set(verb, weaker)).rejects.toEqual(code('CONFLICT', 409));
    const operator = await stage.person('operator');
    for (const { client } of [asker, operator])
      await expect(client.approvals.approve(id)).rejects.toEqual(code('FORBIDDEN'));
    expect(await policy()).toEqual(before);
    expect(await approver.client.approvals.get(id)).toMatchObject({
      ...{ kind: 'verb_policy', agent_id: null, parameters: null, may: ['approve', 'reject'] },
      policy_change: { from: { approval: 'second_person' }, to: after ?? null },
    });
    await approver.client.approvals.approve(id, { note: 'agreed' });
    const now = await policy();
    if (after === undefined) expect(now).toBeUndefined();
    else expect(now).toMatchObject({ ...after, changed_by: asker.email });
    expect((await stage.audited(verb)).slice(-2)).toMatchObject([
      { action: 'verb_policy.ask', actor: asker.email, detail: { approval_id: id } },
      { action: 'verb_policy.approve', actor: approver.email, detail: { approval_id: id, note: 'agreed' } },
    ]);
  });

  it('stays as it is when that is rejected or withdrawn, and can be asked for again', async () => {
    const before = await policy();
    await approver.client.approvals.reject(await askFor(weaker));
    await asker.client.approvals.withdraw(await askFor(weaker));
    expect(await policy()).toEqual(before);
  });

  it('stays as it is when nobody decides in time, and its history tells so', async () => {
    const [before, id] = [await policy(), await askFor(weaker)];
    await sql`UPDATE viw.approval_requests SET expires_at = now() - interval '1 second' WHERE id = ${id}`.execute(
      stage.around.owner,
    );
    await eventually(async () =>
      expect((await stage.audited(verb)).at(-1)).toMatchObject({
        ...{ action: 'approval.expire', actor: 'backend', object: 'verb_policy' },
        detail: { approval_id: id, verb, requested_by: { id: asker.id } },
      }),
    );
    expect(await policy()).toEqual(before);
  });

  it('does not change to what was asked for when it has been changed since, or who asked may no more', async () => {
    const id = await askFor(weaker);
    await approver.client.verbPolicies.set(verb, { ...strict, max_targets: 1 });
    await expect(approver.client.approvals.approve(id)).rejects.toEqual(code('CONFLICT'));
    expect(await policy()).toMatchObject({ approval: 'second_person', max_targets: 1 });
    expect((await asker.client.approvals.get(id)).status).toBe('invalid');

    const demoted = await stage.person('admin');
    const second = await askFor(undefined, demoted);
    await stage.admin.administrators.update(demoted.id, { role: 'operator' });
    await expect(approver.client.approvals.approve(second)).rejects.toEqual(code('CONFLICT'));
    expect(await policy()).toMatchObject({ approval: 'second_person', max_targets: 1 });
  });

  it('is not got round by a machine of one’s own', async () => {
    const { client } = await stage.machineOf(asker.client, 'admin');
    const { approval_id: id } = await client.verbPolicies.delete(verb);
    for (const one of [asker.client, client])
      await expect(one.approvals.approve(id ?? '')).rejects.toEqual(code('FORBIDDEN'));
    expect(await policy()).toBeDefined();
  });
});

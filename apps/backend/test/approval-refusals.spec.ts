import { randomBytes, randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { generateSealingKey } from '@viw/commands';
import { sql } from 'kysely';
import type { Person } from './approval-stage';
import { ApprovalStage, code } from './approval-stage';

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

const ask = async (by: Client, agent: string): Promise<string> => {
  const parameters = { username: 'anna', password: 'a password' };
  return (await by.commands.run(agent, { command: verb, parameters })).correlation_id;
};
const waits = { status: 'waiting', commands: 0, outbox: 0 };

describe('approval is refused, and the command goes on waiting, for', () => {
  type Case = [string, string, (agent: string) => Promise<{ asks: Client; decides: Client }>];
  it.each<Case>([
    ['who has asked', 'FORBIDDEN', async () => ({ asks: asker.client, decides: asker.client })],
    [
      'who has made the API client that has asked',
      'FORBIDDEN',
      async () => ({ asks: (await stage.machineOf(stage.admin, 'operator')).client, decides: stage.admin }),
    ],
    [
      'who has been shown another key of that API client',
      'FORBIDDEN',
      async () => {
        const [machine, other] = [
          await stage.machineOf(stage.admin, 'operator'),
          await stage.person('admin'),
        ];
        await other.client.apiClients.createKey(machine.id);
        return { asks: machine.client, decides: other.client };
      },
    ],
    [
      'who has been shown a token of that API client',
      'FORBIDDEN',
      async () => {
        const [machine, other] = [
          await stage.machineOf(stage.admin, 'operator'),
          await stage.person('admin'),
        ];
        await other.client.apiClients.createToken(machine.id);
        return { asks: machine.client, decides: other.client };
      },
    ],
    [
      'who has added a certificate of that API client',
      'FORBIDDEN',
      async () => {
        const [machine, other] = [
          await stage.machineOf(stage.admin, 'operator'),
          await stage.person('admin'),
        ];
        await other.client.apiClients.addCertificate(machine.id, randomBytes(32).toString('hex'));
        return { asks: machine.client, decides: other.client };
      },
    ],
    [
      'who has renewed a key of that API client',
      'FORBIDDEN',
      async () => {
        const [machine, other] = [
          await stage.machineOf(stage.admin, 'operator'),
          await stage.person('admin'),
        ];
        const { id: key } = await stage.admin.apiClients.createKey(machine.id);
        await other.client.apiClients.rotateKey(machine.id, key);
        return { asks: machine.client, decides: other.client };
      },
    ],
    [
      'who has made the API client that made the one that has asked',
      'FORBIDDEN',
      async () => {
        const { client } = await stage.machineOf(stage.admin, 'admin');
        return { asks: (await stage.machineOf(client, 'operator')).client, decides: stage.admin };
      },
    ],
    [
      'an API client, be it an administrator',
      'FORBIDDEN',
      async () => ({ asks: asker.client, decides: (await stage.machineOf(stage.admin, 'admin')).client }),
    ],
    [
      'who may look only',
      'FORBIDDEN',
      async () => ({ asks: asker.client, decides: (await stage.person('viewer')).client }),
    ],
    [
      'whom the policy does not let run it',
      'FORBIDDEN',
      async () => {
        await stage.policy(verb, { approval: 'second_person', roles: ['admin'] });
        return { asks: (await stage.person('admin')).client, decides: approver.client };
      },
    ],
    [
      'whose scope has another gateway',
      'NOT_FOUND',
      async () => ({
        asks: asker.client,
        decides: (await stage.person('operator', { gateways: { ids: ['gw-other'] }, verbs: 'all' })).client,
      }),
    ],
    [
      'whose scope has another verb',
      'NOT_FOUND',
      async (agent) => ({
        asks: asker.client,
        decides: (await stage.person('operator', { gateways: { ids: [agent] }, verbs: ['list_users'] }))
          .client,
      }),
    ],
  ])('%s', async (_, expected, prepare) => {
    const agent = await stage.gateway();
    const { asks, decides } = await prepare(agent);
    const id = await ask(asks, agent);
    for (const decide of [decides.approvals.approve, decides.approvals.reject]) {
      // Whom only the policy keeps from running it may say no.
      if (decide === decides.approvals.reject && _.startsWith('whom the policy')) continue;
      await expect(decide(id)).rejects.toEqual(code(expected));
    }
    expect(await stage.traces(id)).toEqual(waits);
    if (expected === 'NOT_FOUND') {
      expect((await decides.approvals.list()).items.map((each) => each.id)).not.toContain(id);
    } else {
      expect((await decides.approvals.get(id)).may).not.toContain('approve');
      const { rows } = await sql`SELECT 1 FROM viw.audit_log WHERE action = 'request.denied'
        AND detail ->> 'target' LIKE ${`%${id}/approve`}`.execute(stage.around.owner);
      expect(rows).toHaveLength(1);
    }
  });

  it('nobody who is narrowed to what it is about', async () => {
    const agent = await stage.gateway({ team: 'mine' });
    const scope = { gateways: { ids: [], labels: { team: 'mine' } }, verbs: [verb] };
    const narrowed = await stage.person('operator', scope);
    const id = await ask(asker.client, agent);
    await narrowed.client.approvals.approve(id);
    expect(await stage.traces(id)).toEqual({ status: 'approved', commands: 1, outbox: 1 });
  });

  it('no administrator, when nobody knows who has made the API client', async () => {
    const { id: client, client: machine } = await stage.machineOf(stage.admin, 'operator');
    await sql`DELETE FROM viw.api_client_makers WHERE client_id = ${client}`.execute(stage.around.owner);
    const id = await ask(machine, await stage.gateway());
    await stage.admin.approvals.approve(id);
    expect(await stage.traces(id)).toMatchObject({ status: 'approved', commands: 1 });
  });
});

describe('approval ends the request as invalid, when since it was asked for', () => {
  const whatever = { note: 'whatever' };
  type Change = (person: Person, agent: string) => Promise<unknown>;
  it.each<[string, Change, RegExp]>([
    [
      'who asked has been locked',
      ({ id }) => stage.admin.administrators.update(id, { disabled: true }),
      /locked/,
    ],
    ['who asked is gone', ({ id }) => stage.admin.administrators.delete(id), /removed/],
    [
      'who asked has lost the role',
      ({ id }) => stage.admin.administrators.update(id, { role: 'viewer' }),
      /permission/,
    ],
    [
      'who asked has been narrowed to others',
      ({ id }) =>
        stage.admin.administrators.update(id, { scope: { gateways: { ids: ['gw-other'] }, verbs: 'all' } }),
      /scope/,
    ],
    [
      'the policy lets that role run it no more',
      () => stage.admin.verbPolicies.set(verb, { approval: 'second_person', roles: ['admin'] }),
      /policy/,
    ],
    [
      'the gateway has another sealing key',
      async (_, agent) => {
        const { publicKey } = await generateSealingKey();
        await stage.admin.gateways.update(agent, { public_keys: { sealing: publicKey } });
      },
      /sealing key/,
    ],
  ])('%s', async (_, change, why) => {
    const [person, agent] = [await stage.person('operator'), await stage.gateway()];
    const id = await ask(person.client, agent);
    await change(person, agent);
    const refused = expect.objectContaining({
      code: 'CONFLICT',
      message: expect.stringMatching(why) as string,
    }) as object;
    const idempotencyKey = randomUUID();
    await expect(stage.admin.approvals.approve(id, whatever, { idempotencyKey })).rejects.toEqual(refused);
    await expect(stage.admin.approvals.approve(id, whatever, { idempotencyKey })).rejects.toEqual(refused);
    expect(await stage.traces(id)).toEqual({ status: 'invalid', commands: 0, outbox: 0 });
    expect(await stage.admin.approvals.get(id)).toMatchObject({
      decision_note: expect.stringMatching(why) as string,
      may: [],
    });
    expect((await stage.audited(id)).map(({ action }) => action)).toEqual([
      'command.ask',
      'approval.invalid',
    ]);
  });
});

import type { Client } from '@viw/client';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let operator: Client;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  operator = await backend.as('operator');
  admin = await backend.as('admin');
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

async function newGateway({ sealed = true } = {}): Promise<string> {
  const id = uniqueAgent();
  const keys = sealed ? { public_keys: { sealing: around.sealing.publicKey } } : {};
  await admin.gateways.register({ agent_id: id, ...keys });
  return id;
}

describe('is refused, and nothing is stored:', () => {
  const nothingHappened = async (agentId: string) => {
    const { rows } = await sql`SELECT 1 FROM viw.agent_commands WHERE agent_id = ${agentId}`.execute(
      around.owner,
    );
    expect(rows).toEqual([]);
  };

  it('an unknown verb', async () => {
    const agentId = await newGateway();
    for (const command of ['format_disk', 'constructor', 'toString'])
      await expect(operator.commands.run(agentId, { command })).rejects.toMatchObject({
        status: 400,
        code: 'UNKNOWN_VERB',
      });
    await nothingHappened(agentId);
  });

  it.each([
    ['a missing argument', { username: 'anna' }, 'parameters.password'],
    ['an option in place of a name', { username: '--help', password: 'long enough' }, 'parameters.username'],
    ['a second line', { username: 'anna', password: 'long enough\nroot' }, 'parameters.password'],
    [
      'an argument that there is not',
      { username: 'anna', password: 'long enough', shell: '/bin/sh' },
      'parameters',
    ],
    [
      'a sealed value of the caller’s own',
      { username: 'anna', password: { sealed: 'x' } },
      'parameters.password',
    ],
  ])('%s', async (_what, parameters, path) => {
    const agentId = await newGateway();
    const refusal = operator.commands.run(agentId, { command: 'create_panel_user', parameters });
    await expect(refusal).rejects.toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    const { errors } = (await refusal.catch((error: unknown) => error)) as { errors: { path: string }[] };
    expect(errors.map((error) => error.path)).toContain(path);
    await nothingHappened(agentId);
  });

  it('a gateway that there is not, is only discovered, or is decommissioned', async () => {
    const run = (id: string) => operator.commands.run(id, { command: 'list_users' });
    await expect(run(uniqueAgent())).rejects.toMatchObject({ status: 404 });
    const discovered = uniqueAgent();
    await sql`INSERT INTO viw.os_gateways (agent_id, state) VALUES (${discovered}, 'discovered')`.execute(
      around.owner,
    );
    await expect(run(discovered)).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('register it') as string,
    });
    const gone = await newGateway();
    const key = await backend.key('admin');
    const answer = await fetch(`${backend.url}/admin/api/gateways/${gone}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(204);
    await expect(run(gone)).rejects.toMatchObject({ status: 409, message: `${gone} is decommissioned` });
  });

  it('a secret argument to a gateway without a sealing key', async () => {
    const agentId = await newGateway({ sealed: false });
    const parameters = { username: 'anna', password: 'long enough' };
    await expect(
      operator.commands.run(agentId, { command: 'create_panel_user', parameters }),
    ).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('register its sealing key') as string,
    });
    await nothingHappened(agentId);
  });

  it('a verb that the gateway does not advertise', async () => {
    const agentId = await newGateway();
    await sql`UPDATE viw.os_gateways SET supported_verbs = '["list_users"]' WHERE agent_id = ${agentId}`.execute(
      around.owner,
    );
    await expect(operator.commands.run(agentId, { command: 'restart_agent' })).rejects.toMatchObject({
      code: 'NOT_IMPLEMENTED',
    });
    await expect(operator.commands.run(agentId, { command: 'list_users' })).resolves.toBeDefined();
  });
});

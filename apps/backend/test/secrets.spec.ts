import type { Client } from '@viw/client';
import { sealResult } from '@viw/commands';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { TrustStage } from './trust-stage';

let stage: TrustStage;

beforeAll(async () => {
  stage = await TrustStage.start();
}, 60_000);
afterAll(() => stage?.stop());

/** As they are signed. */
const argumentsOf = async (correlationId: string): Promise<unknown> => {
  const [, payload = ''] = (await stage.jwsOf(correlationId)).split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { args: unknown }).args;
};

describe('a secret in a result', () => {
  const token = 'canary-bootstrap-token-0123456789abcdef';
  const parameters = { username: 'alice', session_id: 'session-1', ttl_seconds: 60 };

  async function made(by: Client, agentId: string): Promise<string> {
    const { correlation_id: id } = await by.commands.run(agentId, {
      command: 'generate_bootstrap',
      parameters,
    });
    await eventually(async () => expect(await stage.policies()).not.toHaveLength(0));
    const { sealing_key: key } = await stage.asHost();
    if (key === null) throw new Error('the backend has no sealing key');
    const { stdout } = await sealResult(
      'generate_bootstrap',
      JSON.stringify({ bootstrap_token: token }),
      key,
      {
        correlationId: id,
        agentId,
      },
    );
    await sql`INSERT INTO viw.agent_command_results (agent_id, result_id, event_id, correlation_id, verb, status, rc,
        stdout, stderr, truncated, duration_ms, started_at, finished_at, hub, session_id, epoch, received_at, late,
        signature, believed)
      VALUES (${agentId}, gen_random_uuid(), gen_random_uuid(), ${id}, 'generate_bootstrap', 'success', 0, ${stdout}, '',
        false, 1, now(), now(), 'h', 's', 1, now(), false, 'valid', true)`.execute(stage.around.owner);
    return id;
  }

  it('is shown once, to who has asked for it, and is in clear nowhere', async () => {
    const gateway = await stage.registered();
    const [operator, other, viewer] = await Promise.all([
      stage.backend.as('operator'),
      stage.backend.as('operator'),
      stage.backend.as('viewer'),
    ]);
    const id = await made(operator, gateway);
    expect(JSON.stringify(await operator.commands.get(gateway, id))).not.toContain(token);
    for (const stranger of [other, viewer])
      await expect(stranger.commands.secrets(gateway, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const options = { idempotencyKey: 'show-it' };
    expect(await operator.commands.secrets(gateway, id, options)).toEqual({
      secrets: { bootstrap_token: token },
    });
    for (const again of [options, {}])
      await expect(operator.commands.secrets(gateway, id, again)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await stage.audited('command.secrets.show')).toEqual([
      { agent_id: gateway, verb: 'generate_bootstrap', names: ['bootstrap_token'] },
    ]);
    expect((await stage.everyText()) + stage.backend.log.join('')).not.toContain(token);
  });

  it('of another command does not open, and leaves the right one to be shown', async () => {
    const [gateway, elsewhere] = await Promise.all([stage.registered(), stage.registered()]);
    const id = await made(stage.admin, gateway);
    const moved = await made(stage.admin, elsewhere);
    await sql`UPDATE viw.agent_command_results SET stdout = (SELECT stdout FROM viw.agent_command_results
      WHERE correlation_id = ${id}) WHERE correlation_id = ${moved}`.execute(stage.around.owner);
    await expect(stage.admin.commands.secrets(elsewhere, moved)).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    await expect(stage.admin.commands.secrets(gateway, moved)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await stage.admin.commands.secrets(gateway, id)).toEqual({ secrets: { bootstrap_token: token } });
  });

  it('is not there where the result has none', async () => {
    const gateway = await stage.registered();
    const { correlation_id: id } = await stage.admin.commands.run(gateway, { command: 'list_users' });
    await expect(stage.admin.commands.secrets(gateway, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('secret arguments for an agent that can open no seal', () => {
  const secret = 'canary-Pa55word-legacy';
  const order = { command: 'create_panel_user', parameters: { username: 'alice', password: secret } };

  it('are refused until an administrator allows them for that gateway, which is audited', async () => {
    const [gateway, other] = await Promise.all([stage.registered(), stage.registered()]);
    await expect(stage.admin.commands.run(gateway, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await stage.admin.gateways.get(gateway)).allow_plain_secrets).toBe(false);
    expect(await stage.admin.gateways.update(gateway, { allow_plain_secrets: true })).toMatchObject({
      allow_plain_secrets: true,
    });
    expect(await stage.audited('gateway.update')).toEqual([{ allow_plain_secrets: true }]);
    const { correlation_id: id } = await stage.admin.commands.run(gateway, order);
    expect(await argumentsOf(id)).toEqual(order.parameters);
    expect(JSON.stringify(await stage.admin.commands.get(gateway, id))).not.toContain(secret);
    await expect(stage.admin.commands.run(other, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    // Once it has ended, nothing of it is left to read.
    await sql`UPDATE viw.agent_commands SET status = 'unknown' WHERE correlation_id = ${id}`.execute(
      stage.around.owner,
    );
    await eventually(async () => expect(await stage.jwsOf(id)).toBe(''));
    const { rows } = await sql`SELECT 1 FROM viw.outbox WHERE correlation_id = ${id}`.execute(
      stage.around.owner,
    );
    expect(rows).toEqual([]);
    await stage.admin.gateways.update(gateway, { allow_plain_secrets: false });
    await expect(stage.admin.commands.run(gateway, order)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('are sealed all the same where there is a key to seal them to', async () => {
    const gateway = await stage.registered({ public_keys: { sealing: stage.around.sealing.publicKey } });
    await stage.admin.gateways.update(gateway, { allow_plain_secrets: true });
    const { correlation_id: id } = await stage.admin.commands.run(gateway, order);
    expect(await argumentsOf(id)).toMatchObject({ password: { sealed: expect.any(String) as string } });
  });
});

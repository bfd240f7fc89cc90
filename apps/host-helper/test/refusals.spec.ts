import { randomUUID } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { generateSigningKey, verifyResult } from '@viw/commands';
import type { HelperReply } from '@viw/contracts';
import { startProgram } from '@viw/testing';
import { agentId, HelperFixture } from './helper-fixture';

describe('the helper refuses, and does nothing', () => {
  const helper = new HelperFixture();
  const password = 'canary-Pa55word-refusals';
  const user = { username: 'alice', password };

  beforeAll(async () => {
    await helper.prepare();
    helper.script('add_user.sh', 'echo run >>"$root/runs"; echo done');
    await helper.start();
  });
  afterAll(() => helper.stop());

  const refused = (code: string) =>
    expect.objectContaining({
      status: 'denied',
      rc: null,
      error: expect.objectContaining({ code }) as unknown,
    }) as HelperReply;
  const scriptRuns = () => {
    try {
      return helper.read('scripts', 'runs').trim().split('\n').length;
    } catch {
      return 0;
    }
  };
  afterEach(() => expect(scriptRuns()).toBe(0));

  it('a wrong HMAC, a changed field, another gateway', async () => {
    expect(await helper.send(helper.request({ hmac: '0'.repeat(64) }))).toEqual(refused('INVALID_SIGNATURE'));
    expect(await helper.send({ ...helper.request(), verb: 'get_system_health' })).toEqual(
      refused('INVALID_SIGNATURE'),
    );
    expect(await helper.send(helper.request({ agent_id: 'gw-other' }))).toEqual(refused('PERMISSION_DENIED'));
  });

  it('the same request twice', async () => {
    const request = helper.request();
    expect(await helper.send(request)).toMatchObject({ status: 'success' });
    expect(await helper.send(request)).toEqual(refused('REPLAY_DETECTED'));
  });

  it('a request that is too old or from the future', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    expect(await helper.send(helper.request({ issued_at: at(-31_000) }))).toEqual(refused('EXPIRED'));
    expect(await helper.send(helper.request({ issued_at: at(120_000) }))).toEqual(refused('EXPIRED'));
  });

  it('what is no message', async () => {
    const prefix = (length: number) =>
      Buffer.from([(length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
    expect(await helper.send(prefix(0xffffffff))).toEqual(refused('SCHEMA_MISMATCH'));
    expect(await helper.send(Buffer.concat([prefix(3), Buffer.from('{"a')]))).toEqual(
      refused('SCHEMA_MISMATCH'),
    );
    expect(await helper.send([])).toEqual(refused('SCHEMA_MISMATCH'));
    expect(await helper.send({ ...helper.request(), extra: 1 })).toEqual(refused('SCHEMA_MISMATCH'));
    expect(await helper.send({ ...helper.request(), correlation_id: '../../x' })).toEqual(
      refused('SCHEMA_MISMATCH'),
    );
  });

  it('commands that nobody signed, or that carry arguments beside the signature', async () => {
    expect(await helper.send(helper.request({ verb: 'list_users' }))).toEqual(refused('INVALID_SIGNATURE'));
    expect(await helper.send(helper.request({ verb: 'create_panel_user', args: user }))).toEqual(
      refused('INVALID_SIGNATURE'),
    );
    const { verb, correlationId, jws } = await helper.command('create_panel_user', user);
    expect(
      await helper.send(helper.request({ verb, correlation_id: correlationId, jws, args: user })),
    ).toEqual(refused('SCHEMA_MISMATCH'));
  });

  it('forged, foreign, expired and swapped signatures', async () => {
    const forged = await helper.command('create_panel_user', user, { key: await generateSigningKey() });
    expect(await helper.call(forged)).toEqual(refused('INVALID_SIGNATURE'));
    const command = await helper.command('create_panel_user', user);
    expect(await helper.call({ ...command, jws: `${command.jws.slice(0, -6)}AAAAAA` })).toEqual(
      refused('INVALID_SIGNATURE'),
    );
    expect(await helper.call({ ...command, verb: 'delete_user' })).toEqual(refused('INVALID_SIGNATURE'));
    expect(await helper.call({ ...command, correlationId: randomUUID() })).toEqual(
      refused('INVALID_SIGNATURE'),
    );
    const foreign = await helper.command('create_panel_user', user, {
      claims: { agent_targets: ['gw-other'] },
    });
    expect(await helper.call(foreign)).toEqual(refused('PERMISSION_DENIED'));
    const old = await helper.command('create_panel_user', user, {
      claims: { exp: Math.floor(Date.now() / 1_000) },
    });
    expect(await helper.call(old)).toEqual(refused('EXPIRED'));
  });

  it('sealed arguments that were altered, moved from another command, or left in clear', async () => {
    const correlationId = randomUUID();
    const sealed = await helper.seal('create_panel_user', user, correlationId);
    const { sealed: jwe } = sealed['password'] as { sealed: string };
    const attempt = async (change: Record<string, unknown>, corr_id: string) =>
      helper.call(
        await helper.command('create_panel_user', user, {
          claims: { corr_id },
          sealed: { ...sealed, ...change },
        }),
      );
    expect(await attempt({ password: { sealed: `${jwe.slice(0, -4)}AAAA` } }, correlationId)).toEqual(
      refused('INVALID_SIGNATURE'),
    );
    expect(await attempt({}, randomUUID())).toEqual(refused('INVALID_SIGNATURE'));
    expect(await attempt({ password }, correlationId)).toEqual(refused('SCHEMA_MISMATCH'));
  });

  it('unknown verbs, verbs it cannot do, hostile arguments', async () => {
    expect(await helper.run('no_such_verb', {})).toEqual(refused('UNKNOWN_VERB'));
    expect(await helper.run('restart_agent')).toEqual(refused('NOT_IMPLEMENTED'));
    for (const username of [
      'a;touch x',
      '../../etc/passwd',
      '$(id)',
      'alice\nroot',
      '-rf',
      '--help',
      'a\0b',
    ]) {
      expect(await helper.run('create_panel_user', { username, password })).toEqual(
        refused('VALIDATION_FAILED'),
      );
    }
    expect(await helper.run('create_panel_user', { ...user, sudo: true })).toEqual(
      refused('VALIDATION_FAILED'),
    );
    expect(await helper.run('tail_logs', { unit: 'sshd' })).toMatchObject({
      status: 'error',
      error: { code: 'PERMISSION_DENIED' },
    });
  });

  it('to start a second time on its socket, which only owner and group may use', async () => {
    expect(statSync(helper.socketPath).mode & 0o777).toBe(0o660);
    await expect(helper.start()).rejects.toThrow(/another process listens there/);
    expect(await helper.run('list_users')).toMatchObject({ status: 'success' });
  });

  it('and signs its refusals of what it could read', async () => {
    const command = await helper.command('restart_agent');
    const { sig = '', ...reply } = await helper.call(command);
    const result = { ...reply, agent_id: agentId, verb: command.verb, correlation_id: command.correlationId };
    await expect(verifyResult(helper.publicKeys.signing, result, sig)).resolves.toBeUndefined();
  });

  it('commands of a key that was withdrawn, and accepts those of a new one, without a restart', async () => {
    const path = `${helper.folder}/trusted.json`;
    const before = readFileSync(path);
    const next = await generateSigningKey();
    writeFileSync(path, JSON.stringify({ keys: [next.publicKey] }));
    expect(await helper.run('list_users')).toEqual(refused('INVALID_SIGNATURE'));
    expect(await helper.call(await helper.command('list_users', {}, { key: next }))).toMatchObject({
      status: 'success',
    });
    writeFileSync(path, 'damaged');
    expect(await helper.run('list_users')).toEqual(refused('INVALID_SIGNATURE'));
    writeFileSync(path, before);
    expect(await helper.run('list_users')).toMatchObject({ status: 'success' });
  });

  it('without telling the secrets it was given', () => {
    expect(helper.everythingWritten()).not.toContain(password);
    expect(helper.everythingWritten()).not.toContain(helper.secret);
  });

  it('to listen at all while it is disabled', async () => {
    const program = await startProgram({
      name: 'disabled',
      argv: [process.execPath, `${helper.folder}/main.js`],
    });
    await expect(program.exited).resolves.toEqual({ code: 0, signal: null });
    expect(program.output()).toContain('"event":"disabled"');
  });
});

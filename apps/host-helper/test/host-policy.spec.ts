import { randomUUID } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@viw/commands';
import type { SigningKeyPair } from '@viw/commands';
import { signedPolicy } from '@viw/commands/testing';
import { HelperFixture } from './helper-fixture';

describe('the helper follows its backend by signed policies', () => {
  let helper: HelperFixture;
  let next: SigningKeyPair;
  let stranger: SigningKeyPair;

  beforeEach(async () => {
    helper = new HelperFixture();
    await helper.prepare();
    helper.script('add_user.sh', 'echo run >>"$root/runs"; echo created');
    [next, stranger] = await Promise.all([generateSigningKey(), generateSigningKey()]);
    await helper.start();
  });
  afterEach(() => helper.stop());

  const adopt = async (...policies: Promise<string>[]) =>
    helper.client.adoptPolicies(await Promise.all(policies));
  const bySigner = async (key: SigningKeyPair) =>
    (await helper.call(await helper.command('list_users', {}, { key }))).status;
  const restart = async () => {
    await helper.running.kill('SIGKILL');
    await helper.start();
  };
  const runs = () => helper.read('scripts', 'runs');

  it('to the next signing key, with an overlap, also after its death; a forger leads it nowhere', async () => {
    const old = helper.backend;
    expect(await bySigner(next)).toBe('denied');
    await adopt(signedPolicy(old, 1, [old, next]));
    expect([await bySigner(old), await bySigner(next)]).toEqual(['success', 'success']);
    await restart();
    expect([await bySigner(old), await bySigner(next)]).toEqual(['success', 'success']);
    const kept = join(helper.folder, 'state', 'host-policy.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);

    await adopt(signedPolicy(next, 2, [next]));
    expect([await bySigner(old), await bySigner(next)]).toEqual(['denied', 'success']);
    // By a stranger, by a key that is no longer trusted, and an old one brought again.
    for (const refused of [signedPolicy(stranger, 3, [stranger]), signedPolicy(old, 3, [old, stranger])])
      await expect(adopt(refused)).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
    await adopt(signedPolicy(old, 1, [old, next]));
    expect([await bySigner(old), await bySigner(next), await bySigner(stranger)]).toEqual([
      'denied',
      'success',
      'denied',
    ]);
    // A policy is no command, and the agent cannot have one made of it.
    const jws = await signedPolicy(next, 4, [next]);
    const command = { ...(await helper.command('list_users')), jws };
    expect(await helper.call(command)).toMatchObject({ error: { code: 'INVALID_SIGNATURE' } });

    // Damaged, nobody is believed: neither the old keys nor what was known to be frozen may come back by it.
    writeFileSync(kept, readFileSync(kept, 'utf8').slice(0, -20));
    await restart();
    expect([await bySigner(old), await bySigner(next)]).toEqual(['denied', 'denied']);
  });

  it('into a freeze, in which nothing is begun, and out of it', async () => {
    const { backend } = helper;
    const user = { username: 'alice', password: 'canary-Pa55word-frozen' };
    const before = await helper.command('create_panel_user', user);
    expect(await helper.call(before)).toMatchObject({ status: 'success' });

    await adopt(signedPolicy(backend, 1, [backend], { frozen: true, reason: 'a fire drill' }));
    const refused = {
      status: 'denied',
      error: { code: 'PERMISSION_DENIED', msg: 'commands are frozen: a fire drill' },
    };
    const during = await helper.command('create_panel_user', { ...user, username: 'bob' });
    expect(await helper.call(during)).toMatchObject(refused);
    expect(await helper.run('list_users')).toMatchObject(refused);
    await restart();
    expect(await helper.call(during)).toMatchObject(refused);
    // What has run is still told, and the host still reports its health.
    expect(await helper.call(before)).toMatchObject({ status: 'success', stdout: 'created\n' });
    await expect(helper.client.call({ verb: 'get_system_health', timeoutMs: 60_000 })).resolves.toMatchObject(
      {
        status: 'success',
      },
    );
    expect(runs()).toBe('run\n');

    await expect(adopt(signedPolicy(stranger, 2, [stranger]))).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    expect(await helper.call(during)).toMatchObject(refused);
    await adopt(signedPolicy(backend, 2, [backend]));
    expect(await helper.call(during)).toMatchObject({ status: 'success' });
    expect(runs()).toBe('run\nrun\n');
  });

  it('into a freeze also where unsigned commands are allowed, and with a policy that may have held one', async () => {
    const { backend } = helper;
    const unsignedAllowed = { HOST_HELPER_REQUIRE_JWS: 'false' };
    const args = { username: 'alice', password: 'canary-Pa55word-unsigned' };
    const unsigned = async () =>
      (await helper.send(helper.request({ verb: 'create_panel_user', args, correlation_id: randomUUID() })))
        .error?.code;
    await helper.running.stop();
    await helper.start(unsignedAllowed);
    expect(await unsigned()).toBeUndefined();
    await adopt(signedPolicy(backend, 1, [backend], { frozen: true, reason: 'a drill' }));
    expect(await unsigned()).toBe('PERMISSION_DENIED');
    await helper.running.stop();
    writeFileSync(join(helper.folder, 'state', 'host-policy.json'), '{"damaged');
    await helper.start(unsignedAllowed);
    expect(await unsigned()).toBe('INVALID_SIGNATURE');
    expect(runs()).toBe('run\n');
  });
});

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateSealingKey,
  keyThumbprint,
  openSealedResult,
  parseResult,
  signHostPolicy,
} from '@viw/commands';
import type { PrivateSealingKey } from '@viw/commands';
import { hostPolicyClaims, sealedValue } from '@viw/contracts';
import { agentId, HelperFixture } from './helper-fixture';

describe('bootstrap tokens', () => {
  const helper = new HelperFixture();
  let backend: PrivateSealingKey;
  beforeAll(async () => {
    await helper.prepare();
    await helper.start();
  });
  afterAll(() => helper.stop());

  const order = () =>
    helper.command('generate_bootstrap', { username: 'alice', session_id: 's-1', ttl_seconds: 600 });
  const stored = () =>
    (JSON.parse(helper.read('state', 'bootstrap-tokens.json')) as { tokens: Record<string, string>[] })
      .tokens;
  const revoke = async (bootstrap_token: string) =>
    parseResult('revoke_bootstrap', (await helper.run('revoke_bootstrap', { bootstrap_token })).stdout);

  it('are not made while there is nobody to seal them to', async () => {
    expect(await helper.call(await order())).toMatchObject({ status: 'denied' });
  });

  it('reach nobody but the backend, are kept as hashes until their time, and revoked once', async () => {
    const { privateKey, publicKey } = await generateSealingKey();
    backend = privateKey;
    const policy = await signHostPolicy(
      helper.backend.privateKey,
      hostPolicyClaims.parse({
        ...{ v: 1, version: 1, iat: Math.floor(Date.now() / 1_000), keys: [helper.backend.publicKey] },
        ...{
          sealing_key: { ...publicKey, kid: await keyThumbprint(publicKey) },
          frozen: false,
          reason: null,
        },
      }),
    );
    await helper.client.adoptPolicies([policy]);

    const command = await order();
    const reply = await helper.call(command);
    expect(reply).toMatchObject({ status: 'success' });
    const { bootstrap_token: sealed } = JSON.parse(reply.stdout) as { bootstrap_token: unknown };
    const context = { correlationId: command.correlationId, agentId };
    const token = await openSealedResult(sealedValue.parse(sealed), backend, 'bootstrap_token', context);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(helper.everythingWritten()).not.toContain(String(token));
    expect(stored()).toEqual([
      {
        ...{ username: 'alice', session_id: 's-1', expires_at: expect.any(String) as string },
        sha256: createHash('sha256').update(String(token)).digest('hex'),
      },
    ]);
    expect(statSync(join(helper.folder, 'state', 'bootstrap-tokens.json')).mode & 0o777).toBe(0o600);

    expect(await revoke('no-such-token')).toEqual({ revoked: false });
    expect(await revoke(String(token))).toEqual({ revoked: true });
    expect(await revoke(String(token))).toEqual({ revoked: false });
    expect(stored()).toEqual([]);
  });
});

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseResult } from '@viw/commands';
import { HelperFixture } from './helper-fixture';

describe('bootstrap tokens', () => {
  const helper = new HelperFixture();
  beforeAll(async () => {
    await helper.prepare();
    await helper.start();
  });
  afterAll(() => helper.stop());

  const stored = () =>
    (JSON.parse(helper.read('state', 'bootstrap-tokens.json')) as { tokens: Record<string, string>[] })
      .tokens;
  const revoke = async (token: string) =>
    parseResult(
      'revoke_bootstrap',
      (await helper.run('revoke_bootstrap', { bootstrap_token: token })).stdout,
    );

  it('are made, kept as hashes until their time, and revoked once', async () => {
    const make = async (session_id: string, ttl_seconds = 600) =>
      helper.run('generate_bootstrap', { username: 'alice', session_id, ttl_seconds });
    const replies = await Promise.all([make('s-1'), make('s-2'), make('s-3')]);
    expect(replies.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect(
      stored()
        .map(({ session_id }) => session_id)
        .sort(),
    ).toEqual(['s-1', 's-2', 's-3']);
    for (const { sha256 } of stored()) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(helper.folder, 'state', 'bootstrap-tokens.json')).mode & 0o777).toBe(0o600);
    expect(await revoke('no-such-token')).toEqual({ revoked: false });
    expect(stored()).toHaveLength(3);
  });
});

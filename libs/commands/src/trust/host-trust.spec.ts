import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@viw/runtime';
import { generateSigningKey } from '../keys';
import type { SigningKeyPair, TrustedKey } from '../keys';
import { CommandSigner } from '../signing';
import { signedPolicy } from '../../test/signed-policy';
import { HostTrust } from './host-trust';

const logger = createLogger({ service: 'test', level: 'silent' });
const agentId = 'gw-1';
let folder: string;
let a: SigningKeyPair;
let b: SigningKeyPair;
let c: SigningKeyPair;
let pinned: readonly TrustedKey[];

beforeAll(async () => {
  [a, b, c] = await Promise.all([generateSigningKey(), generateSigningKey(), generateSigningKey()]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viw-trust-'));
  pinned = [a.publicKey];
});
afterEach(() => rm(folder, { recursive: true }));

const file = () => join(folder, 'state', 'host-policy.json');
const trust = () => new HostTrust({ file: file() }, { pinned: async () => pinned, logger });

async function believes(host: HostTrust, by: SigningKeyPair): Promise<boolean> {
  const now = Math.floor(Date.now() / 1_000);
  const jws = await new CommandSigner({ key: by.privateKey }).sign({
    corr_id: '01936b2e-0000-7000-8000-000000000001',
    verb: 'list_users',
    args: {},
    actor: { id: 'a', role: 'admin' },
    policy_id: 'default',
    nonce: 'nonce-nonce',
    iat: now,
    exp: now + 60,
    agent_targets: [agentId],
  });
  const { verifier } = await host.current();
  return verifier.verify(jws, { agentId }).then(
    () => true,
    () => false,
  );
}

const believedOf = async (host: HostTrust) => [
  await believes(host, a),
  await believes(host, b),
  await believes(host, c),
];

describe('HostTrust', () => {
  it('believes the pinned keys until a policy signed by one of them says otherwise, also after a restart', async () => {
    const host = trust();
    expect(await believedOf(host)).toEqual([true, false, false]);
    await host.adopt([await signedPolicy(a, 1, [a, b])]);
    expect(await believedOf(host)).toEqual([true, true, false]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    await host.adopt([await signedPolicy(b, 2, [b])]);
    for (const each of [host, trust()]) expect(await believedOf(each)).toEqual([false, true, false]);
  });

  it('follows policies one by one when it was away, whatever else is among them', async () => {
    const host = trust();
    const way = [
      await signedPolicy(a, 1, [a, b]),
      'nonsense',
      await signedPolicy(b, 2, [b, c]),
      await signedPolicy(c, 3, [c]),
    ];
    expect((await host.adopt(way)).version).toBe(3);
    expect(await believedOf(host)).toEqual([false, false, true]);
  });

  it('refuses a policy that no trusted key vouches for, and one for commands', async () => {
    const host = trust();
    const refused = { code: 'INVALID_SIGNATURE' };
    await expect(host.adopt([await signedPolicy(b, 5, [b])])).rejects.toMatchObject(refused);
    // The first is skipped: the second would have to be vouched for by it.
    await expect(
      host.adopt([await signedPolicy(c, 5, [c]), await signedPolicy(c, 6, [c])]),
    ).rejects.toMatchObject(refused);
    const masked = { ...b, privateKey: { ...b.privateKey, kid: a.publicKey.kid } };
    await expect(host.adopt([await signedPolicy(masked, 5, [b])])).rejects.toMatchObject(refused);
    expect(await believedOf(host)).toEqual([true, false, false]);
    expect((await host.current()).version).toBe(0);
  });

  it('cannot be taken back to an old policy, not even a released freeze', async () => {
    const host = trust();
    const free = await signedPolicy(a, 10, [a]);
    await host.adopt([free]);
    await host.adopt([await signedPolicy(a, 11, [a], { frozen: true, reason: 'fire' })]);
    expect(await host.adopt([free])).toMatchObject({ version: 11, frozen: true, reason: 'fire' });
    expect(await trust().current()).toMatchObject({ version: 11, frozen: true });
    expect(await host.adopt([await signedPolicy(a, 12, [a])])).toMatchObject({ frozen: false });
  });

  it('starts anew from other pinned keys, and stays frozen until they say otherwise', async () => {
    const host = trust();
    await host.adopt([await signedPolicy(a, 10, [a, b], { frozen: true })]);
    pinned = [c.publicKey];
    expect(await believedOf(host)).toEqual([false, false, true]);
    expect(await host.current()).toMatchObject({ frozen: true });
    await expect(host.adopt([await signedPolicy(c, 9, [c])])).resolves.toMatchObject({ frozen: true });
    expect(await host.adopt([await signedPolicy(c, 10, [c])])).toMatchObject({ version: 10, frozen: false });
  });

  it('believes nobody while its file is damaged, and starts from the pinned keys once that is removed', async () => {
    await trust().adopt([await signedPolicy(a, 1, [a, b])]);
    await writeFile(file(), (await readFile(file(), 'utf8')).slice(0, 20));
    const host = trust();
    await expect(host.current()).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
    await expect(host.adopt([await signedPolicy(a, 2, [a, c])])).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    await rm(file());
    expect(await believedOf(host)).toEqual([true, false, false]);
  });

  it('two at once: the newer one stays', async () => {
    const host = trust();
    await Promise.all([
      host.adopt([await signedPolicy(a, 2, [a, b])]),
      host.adopt([await signedPolicy(a, 1, [a])]),
    ]);
    expect(await trust().current()).toMatchObject({ version: 2 });
  });
});

it('does not take a policy of the former pins for one of keys that were pinned while it was verified', async () => {
  let asked = 0;
  // The operator replaces the pins right after the policy has been held against the former ones.
  const pins = async () => [(asked++ === 0 ? a : b).publicKey];
  const host = new HostTrust({ file: file() }, { pinned: pins, logger });
  await host.adopt([await signedPolicy(a, 1, [a, c])]);
  expect([await believes(host, a), await believes(host, c), await believes(host, b)]).toEqual([
    false,
    false,
    true,
  ]);
});

it('refuses a version that no later policy could exceed', async () => {
  const host = trust();
  await expect(host.adopt([await signedPolicy(a, Number.MAX_SAFE_INTEGER, [a])])).rejects.toMatchObject({
    code: 'INVALID_SIGNATURE',
  });
  expect((await host.adopt([await signedPolicy(a, Date.now(), [a])])).version).toBeGreaterThan(0);
});

import { randomBytes } from 'node:crypto';
import { openHostPolicy } from '@viw/commands';
import type { TrustedKey } from '@viw/commands';
import { registrySnapshotKey } from '@viw/contracts';
import { createLogger } from '@viw/runtime';
import { SecretBox, zEncryptionKeys } from '@viw/secrets';
import { eventually } from '@viw/testing';
import { decodeProtectedHeader } from 'jose';
import { type RawBuilder, sql } from 'kysely';
import { Store } from '../src/store';
import { HostPolicyIssuer } from '../src/trust/host-policy-issuer';
import { KeyRotation } from '../src/trust/key-rotation';
import { surroundings } from './surroundings';
import { startBackend } from './test-backend';
import { TrustStage } from './trust-stage';

let stage: TrustStage;

beforeEach(async () => {
  stage = await TrustStage.start();
}, 60_000);
afterEach(() => stage?.stop());

const kidOfCommand = async (agentId: string): Promise<string | undefined> => {
  const { correlation_id: id } = await stage.admin.commands.run(agentId, { command: 'list_users' });
  return decodeProtectedHeader(await stage.jwsOf(id)).kid;
};
/** As if it had been announced for long enough. */
const comes = (kid: string): Promise<unknown> =>
  sql`UPDATE viw.command_keys SET created_at = created_at - interval '1 hour' WHERE kid = ${kid}`.execute(
    stage.around.owner,
  );
const newEncryptionKey = () => ({ id: 'fresh', key: randomBytes(32).toString('base64') });

describe('the keys of the backend', () => {
  it('are sealed in Postgres, and hosts are told of them by the key that they have pinned', async () => {
    await eventually(async () => expect(await stage.policies()).toHaveLength(1));
    const { items, host_policy_version } = await stage.admin.commandKeys.list();
    expect(items.map(({ purpose, state }) => [purpose, state]).sort()).toEqual([
      ['sealing', 'active'],
      ['signing', 'active'],
    ]);
    expect(JSON.stringify(items)).not.toMatch(/"d"|sealed/);
    const told = await stage.asHost();
    const sealing = items.find(({ purpose }) => purpose === 'sealing');
    expect(told).toMatchObject({
      version: host_policy_version,
      keys: [stage.around.signing.publicKey],
      sealing_key: { ...sealing?.public_jwk, kid: sealing?.kid },
      frozen: false,
    });
    expect(await stage.everyText()).not.toContain(stage.around.signing.privateKey.d);
    expect(await kidOfCommand(await stage.registered())).toBe(stage.around.signing.publicKey.kid);
  });

  it('turn: hosts are told first, the former one stays trusted, and both know who did it', async () => {
    const [old] = [stage.around.signing.publicKey.kid];
    const gateway = await stage.registered();
    const after = await stage.admin.commandKeys.rotate();
    const next = after.items.find(({ state }) => state === 'announced')?.kid ?? '';
    await expect(stage.admin.commandKeys.rotate()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await kidOfCommand(gateway)).toBe(old);
    const kids = ({ keys }: { keys: readonly TrustedKey[] }) => keys.map(({ kid }) => kid).sort();
    await eventually(async () => expect(kids(await stage.asHost())).toEqual([next, old].sort()));
    await comes(next);
    await eventually(async () => expect(await kidOfCommand(gateway)).toBe(next), { timeoutMs: 30_000 });
    expect(kids(await stage.asHost())).toEqual([next, old].sort());
    expect((await stage.admin.commandKeys.list()).items.find(({ kid }) => kid === old)?.state).toBe(
      'retiring',
    );
    expect(await stage.audited('command_keys.rotate')).toHaveLength(1);

    // The end of the overlap, without waiting for a week.
    const box = new SecretBox({
      keys: zEncryptionKeys().parse(stage.around.environment['BACKEND_ENCRYPTION_KEY']),
    });
    const rotation = new KeyRotation(
      { announceS: 300, overlapS: 0 },
      {
        store: new Store({ db: stage.around.owner }),
        box,
        issuer: new HostPolicyIssuer({ box }),
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );
    await rotation.advance();
    await eventually(async () => expect(kids(await stage.asHost())).toEqual([next]));
    const { rows } = await sql`SELECT state, sealed FROM viw.command_keys WHERE kid = ${old}`.execute(
      stage.around.owner,
    );
    expect(rows).toEqual([{ state: 'retired', sealed: null }]);
    // A second turn: a host that has slept through both still finds its way, and not by the old key.
    await stage.admin.commandKeys.rotate();
    await eventually(async () => expect((await stage.asHost()).keys).toHaveLength(2));
    const [newest = ''] = (await stage.policies()).slice(-1);
    await expect(openHostPolicy(newest, [stage.around.signing.publicKey])).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
  });

  it('survive a restart, and are made where none is configured', async () => {
    await stage.admin.commandKeys.rotate();
    const before = (await stage.admin.commandKeys.list()).items.map(({ kid }) => kid);
    await stage.restart({});
    const again = await stage.backend.signIn().catch(() => undefined);
    expect(again).toBeUndefined();
    const { rows } = await sql<{ kid: string }>`SELECT kid FROM viw.command_keys`.execute(stage.around.owner);
    expect(rows.map(({ kid }) => kid).sort()).toEqual(before.sort());

    // Under a new key-encryption key the old one can go.
    const [old = '', fresh] = [stage.around.environment['BACKEND_ENCRYPTION_KEY'], newEncryptionKey()];
    const restart = (keys: unknown) => stage.restart({ BACKEND_ENCRYPTION_KEY: JSON.stringify(keys) });
    await restart([fresh, JSON.parse(old)]);
    const underOld = sql`SELECT 1 FROM viw.command_keys WHERE sealed->>'kek' <> 'fresh'`;
    await eventually(async () => expect((await underOld.execute(stage.around.owner)).rows).toEqual([]));
    await restart(fresh);
    await eventually(() => expect(stage.backend.log.join('')).toContain('started'));
    expect(stage.backend.log.join('')).not.toContain('command_keys_failed');

    const bare = await surroundings();
    const { BACKEND_COMMAND_SIGNING_KEY: _, ...environment } = bare.environment;
    const made = await startBackend({ ...bare, environment });
    const client = await made.signIn();
    await eventually(async () => expect((await client.commandKeys.list()).items).toHaveLength(2));
    await made.stop();
    await bare.close();
  });
});

it('an emergency stop reaches hosts in the backend’s own signature, and so does its release', async () => {
  await eventually(async () => expect(await stage.policies()).toHaveLength(1));
  const { version } = await stage.asHost();
  await stage.admin.freeze.on({ reason: 'a fire drill' });
  await eventually(async () =>
    expect(await stage.asHost(version)).toMatchObject({ frozen: true, reason: 'a fire drill' }),
  );
  const frozen = await stage.asHost();
  await stage.admin.freeze.off();
  await eventually(async () => expect(await stage.asHost(frozen.version)).toMatchObject({ frozen: false }));
  // Only the way of the keys and the newest are kept.
  expect(await stage.policies()).toHaveLength(2);
});

describe('an emergency stop holds on hubs, reaches hosts once they can be told and is released only then, when', () => {
  const spoil = (from: string, to: string) =>
    sql`UPDATE viw.command_keys SET sealed = jsonb_set(sealed, '{kek}', to_jsonb(${to}::text))
      WHERE sealed->>'kek' = ${from}`.execute(stage.around.owner);
  const constraint = (change: RawBuilder<unknown>) =>
    sql`ALTER TABLE viw.host_policies ${change}`.execute(stage.around.owner);

  it.each([
    [
      'the keys cannot be used',
      () => spoil('test', 'a key that is not here'),
      () => spoil('a key that is not here', 'test'),
    ],
    [
      'Postgres takes no policy',
      () => constraint(sql`ADD CONSTRAINT drill CHECK (false) NOT VALID`),
      () => constraint(sql`DROP CONSTRAINT drill`),
    ],
  ])('%s', async (_when, harm, mend) => {
    await eventually(async () => expect(await stage.policies()).toHaveLength(1));
    await harm();
    expect(await stage.admin.freeze.on({ reason: 'a fire' })).toMatchObject({ frozen: true });
    const inRedis = async () =>
      JSON.parse((await stage.around.client.hget(registrySnapshotKey, 'body')) ?? '{}') as object;
    await eventually(async () => expect(await inRedis()).toMatchObject({ frozen: true }));
    expect(await stage.asHost()).toMatchObject({ frozen: false });
    await eventually(() => expect(stage.backend.log.join('')).toContain('host_policy_not_issued'));
    await mend();
    await eventually(async () =>
      expect(await stage.asHost()).toMatchObject({ frozen: true, reason: 'a fire' }),
    );

    await harm();
    await expect(stage.admin.freeze.off()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^Still frozen: .* release again$/) as string,
    });
    expect(await stage.admin.freeze.get()).toMatchObject({ frozen: true, reason: 'a fire' });
    await mend();
    expect(await stage.admin.freeze.off()).toMatchObject({ frozen: false });
    await eventually(async () => expect(await inRedis()).toMatchObject({ frozen: false }));
    expect(await stage.asHost()).toMatchObject({ frozen: false });
  });
});

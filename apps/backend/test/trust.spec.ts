import { randomBytes } from 'node:crypto';
import type { Client } from '@viw/client';
import { followHostPolicies, openHostPolicy, sealResult } from '@viw/commands';
import type { TrustedKey } from '@viw/commands';
import { gatewayRegistrySnapshot, registrySnapshotKey } from '@viw/contracts';
import type { HostPolicyClaims } from '@viw/contracts';
import { createLogger } from '@viw/runtime';
import { SecretBox, zEncryptionKeys } from '@viw/secrets';
import { eventually } from '@viw/testing';
import { decodeProtectedHeader } from 'jose';
import { sql } from 'kysely';
import { Store } from '../src/store';
import { HostPolicyIssuer } from '../src/trust/host-policy-issuer';
import { KeyRotation } from '../src/trust/key-rotation';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeEach(async () => {
  around = await surroundings();
  backend = await startBackend(around, { environment: { BACKEND_COMMAND_KEY_ANNOUNCE_S: '2' } });
  admin = await backend.signIn();
}, 60_000);
afterEach(async () => {
  await backend?.stop();
  await around?.close();
});

/** What hubs are given for hosts. */
const policies = async (): Promise<string[]> => {
  const body = await around.client.hget(registrySnapshotKey, 'body');
  return gatewayRegistrySnapshot.parse(JSON.parse(body ?? '{}')).host_policies ?? [];
};

/** A host that has pinned the configured key and has been away until now. */
const asHost = async (version = 0): Promise<HostPolicyClaims> => {
  const keys = [around.signing.publicKey];
  const { newest, faults } = await followHostPolicies(await policies(), { version, keys });
  expect(faults).toEqual([]);
  if (newest === undefined) throw new Error('nothing newer');
  return newest;
};

const kidOfCommand = async (agentId: string): Promise<string | undefined> => {
  const { correlation_id: id } = await admin.commands.run(agentId, { command: 'list_users' });
  return decodeProtectedHeader(await jwsOf(id)).kid;
};
const jwsOf = async (correlationId: string): Promise<string> => {
  const { rows } = await sql<{ jws: string }>`
    SELECT jws FROM viw.agent_commands WHERE correlation_id = ${correlationId}`.execute(around.owner);
  return rows[0]?.jws ?? '';
};
const audited = async (action: string): Promise<unknown[]> =>
  (
    await sql<{
      detail: unknown;
    }>`SELECT detail FROM viw.audit_log WHERE action = ${action} ORDER BY id`.execute(around.owner)
  ).rows.map(({ detail }) => detail);

const registered = async (more: Parameters<Client['gateways']['register']>[0] | object = {}) => {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id, ...more });
  return id;
};

const formatNewKek = () => ({ id: 'fresh', key: randomBytes(32).toString('base64') });

/** Every text of the database. */
async function everyText(): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'viw'`.execute(
    around.owner,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql
      .raw<{ text: string }>(`SELECT t::text AS text FROM ${name} t`)
      .execute(around.owner);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

describe('the keys of the backend', () => {
  it('are sealed in Postgres, and hosts are told of them by the key that they have pinned', async () => {
    await eventually(async () => expect(await policies()).toHaveLength(1));
    const { items, host_policy_version } = await admin.commandKeys.list();
    expect(items.map(({ purpose, state }) => [purpose, state]).sort()).toEqual([
      ['sealing', 'active'],
      ['signing', 'active'],
    ]);
    expect(JSON.stringify(items)).not.toMatch(/"d"|sealed/);
    const told = await asHost();
    const sealing = items.find(({ purpose }) => purpose === 'sealing');
    expect(told).toMatchObject({
      version: host_policy_version,
      keys: [around.signing.publicKey],
      sealing_key: { ...sealing?.public_jwk, kid: sealing?.kid },
      frozen: false,
    });
    expect(await everyText()).not.toContain(around.signing.privateKey.d);
    expect(await kidOfCommand(await registered())).toBe(around.signing.publicKey.kid);
  });

  it('turn: hosts are told first, the former one stays trusted, and both know who did it', async () => {
    const [old] = [around.signing.publicKey.kid];
    const gateway = await registered();
    const after = await admin.commandKeys.rotate();
    const next = after.items.find(({ state }) => state === 'announced')?.kid ?? '';
    await expect(admin.commandKeys.rotate()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await kidOfCommand(gateway)).toBe(old);
    const kids = ({ keys }: { keys: readonly TrustedKey[] }) => keys.map(({ kid }) => kid).sort();
    await eventually(async () => expect(kids(await asHost())).toEqual([next, old].sort()));
    await eventually(async () => expect(await kidOfCommand(gateway)).toBe(next), { timeoutMs: 15_000 });
    expect(kids(await asHost())).toEqual([next, old].sort());
    expect((await admin.commandKeys.list()).items.find(({ kid }) => kid === old)?.state).toBe('retiring');
    expect(await audited('command_keys.rotate')).toHaveLength(1);

    // The end of the overlap, without waiting for a week.
    const box = new SecretBox({
      keys: zEncryptionKeys().parse(around.environment['BACKEND_ENCRYPTION_KEY']),
    });
    const rotation = new KeyRotation(
      { announceS: 300, overlapS: 0 },
      {
        store: new Store({ db: around.owner }),
        box,
        issuer: new HostPolicyIssuer({ box }),
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );
    await rotation.advance();
    await eventually(async () => expect(kids(await asHost())).toEqual([next]));
    const { rows } = await sql`SELECT state, sealed FROM viw.command_keys WHERE kid = ${old}`.execute(
      around.owner,
    );
    expect(rows).toEqual([{ state: 'retired', sealed: null }]);
    // A second turn: a host that has slept through both still finds its way, and not by the old key.
    await admin.commandKeys.rotate();
    await eventually(async () => expect((await asHost()).keys).toHaveLength(2));
    const [newest = ''] = (await policies()).slice(-1);
    await expect(openHostPolicy(newest, [around.signing.publicKey])).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
  });

  it('survive a restart, and are made where none is configured', async () => {
    await admin.commandKeys.rotate();
    const before = (await admin.commandKeys.list()).items.map(({ kid }) => kid);
    await backend.stop();
    backend = await startBackend(around, { environment: { BACKEND_COMMAND_KEY_ANNOUNCE_S: '3600' } });
    const again = await backend.signIn().catch(() => undefined);
    expect(again).toBeUndefined();
    const { rows } = await sql<{ kid: string }>`SELECT kid FROM viw.command_keys`.execute(around.owner);
    expect(rows.map(({ kid }) => kid).sort()).toEqual(before.sort());

    // Under a new key-encryption key the old one can go.
    const [old = '', fresh] = [around.environment['BACKEND_ENCRYPTION_KEY'], formatNewKek()];
    const restart = async (keys: unknown) => {
      await backend.stop();
      backend = await startBackend(around, { environment: { BACKEND_ENCRYPTION_KEY: JSON.stringify(keys) } });
    };
    await restart([fresh, JSON.parse(old)]);
    const underOld = sql`SELECT 1 FROM viw.command_keys WHERE sealed->>'kek' <> 'fresh'`;
    await eventually(async () => expect((await underOld.execute(around.owner)).rows).toEqual([]));
    await restart(fresh);
    await eventually(() => expect(backend.log.join('')).toContain('started'));
    expect(backend.log.join('')).not.toContain('command_keys_failed');

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
  await eventually(async () => expect(await policies()).toHaveLength(1));
  const { version } = await asHost();
  await admin.freeze.on({ reason: 'a fire drill' });
  await eventually(async () =>
    expect(await asHost(version)).toMatchObject({ frozen: true, reason: 'a fire drill' }),
  );
  const frozen = await asHost();
  await admin.freeze.off();
  await eventually(async () => expect(await asHost(frozen.version)).toMatchObject({ frozen: false }));
  // Only the way of the keys and the newest are kept.
  expect(await policies()).toHaveLength(2);
});

it('an emergency stop holds on hubs even while the keys cannot be used, and reaches hosts once they can', async () => {
  await eventually(async () => expect(await policies()).toHaveLength(1));
  const spoil = (from: string, to: string) =>
    sql`UPDATE viw.command_keys SET sealed = jsonb_set(sealed, '{kek}', to_jsonb(${to}::text))
      WHERE sealed->>'kek' = ${from}`.execute(around.owner);
  await spoil('test', 'a key that is not here');
  expect(await admin.freeze.on({ reason: 'a fire' })).toMatchObject({ frozen: true });
  const inRedis = async () =>
    JSON.parse((await around.client.hget(registrySnapshotKey, 'body')) ?? '{}') as object;
  await eventually(async () => expect(await inRedis()).toMatchObject({ frozen: true }));
  expect(await asHost()).toMatchObject({ frozen: false });
  expect(backend.log.join('')).toContain('host_policy_not_issued');
  await spoil('a key that is not here', 'test');
  await eventually(async () => expect(await asHost()).toMatchObject({ frozen: true, reason: 'a fire' }));
});

describe('a secret in a result', () => {
  const token = 'canary-bootstrap-token-0123456789abcdef';
  const parameters = { username: 'alice', session_id: 'session-1', ttl_seconds: 60 };

  async function made(by: Client, agentId: string): Promise<string> {
    const { correlation_id: id } = await by.commands.run(agentId, {
      command: 'generate_bootstrap',
      parameters,
    });
    await eventually(async () => expect(await policies()).not.toHaveLength(0));
    const { sealing_key: key } = await asHost();
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
        false, 1, now(), now(), 'h', 's', 1, now(), false, 'valid', true)`.execute(around.owner);
    return id;
  }

  it('is shown once, to who has asked for it, and is in clear nowhere', async () => {
    const gateway = await registered();
    const [operator, other, viewer] = await Promise.all([
      backend.as('operator'),
      backend.as('operator'),
      backend.as('viewer'),
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
    expect(await audited('command.secrets.show')).toEqual([
      { agent_id: gateway, verb: 'generate_bootstrap', names: ['bootstrap_token'] },
    ]);
    expect((await everyText()) + backend.log.join('')).not.toContain(token);
  });

  it('of another command does not open, and leaves the right one to be shown', async () => {
    const [gateway, elsewhere] = await Promise.all([registered(), registered()]);
    const id = await made(admin, gateway);
    const moved = await made(admin, elsewhere);
    await sql`UPDATE viw.agent_command_results SET stdout = (SELECT stdout FROM viw.agent_command_results
      WHERE correlation_id = ${id}) WHERE correlation_id = ${moved}`.execute(around.owner);
    await expect(admin.commands.secrets(elsewhere, moved)).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    await expect(admin.commands.secrets(gateway, moved)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await admin.commands.secrets(gateway, id)).toEqual({ secrets: { bootstrap_token: token } });
  });

  it('is not there where the result has none', async () => {
    const gateway = await registered();
    const { correlation_id: id } = await admin.commands.run(gateway, { command: 'list_users' });
    await expect(admin.commands.secrets(gateway, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('secret arguments for an agent that can open no seal', () => {
  const secret = 'canary-Pa55word-legacy';
  const order = { command: 'create_panel_user', parameters: { username: 'alice', password: secret } };

  it('are refused until an administrator allows them for that gateway, which is audited', async () => {
    const [gateway, other] = await Promise.all([registered(), registered()]);
    await expect(admin.commands.run(gateway, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await admin.gateways.get(gateway)).allow_plain_secrets).toBe(false);
    expect(await admin.gateways.update(gateway, { allow_plain_secrets: true })).toMatchObject({
      allow_plain_secrets: true,
    });
    expect(await audited('gateway.update')).toEqual([{ allow_plain_secrets: true }]);
    const { correlation_id: id } = await admin.commands.run(gateway, order);
    const claims = Buffer.from((await jwsOf(id)).split('.')[1] ?? '', 'base64url').toString('utf8');
    expect(JSON.parse(claims)).toMatchObject({ args: order.parameters });
    expect(JSON.stringify(await admin.commands.get(gateway, id))).not.toContain(secret);
    await expect(admin.commands.run(other, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    // Once it has ended, nothing of it is left to read.
    await sql`UPDATE viw.agent_commands SET status = 'unknown' WHERE correlation_id = ${id}`.execute(
      around.owner,
    );
    await eventually(async () => expect(await jwsOf(id)).toBe(''));
    const { rows } = await sql`SELECT 1 FROM viw.outbox WHERE correlation_id = ${id}`.execute(around.owner);
    expect(rows).toEqual([]);
    await admin.gateways.update(gateway, { allow_plain_secrets: false });
    await expect(admin.commands.run(gateway, order)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('are sealed all the same where there is a key to seal them to', async () => {
    const gateway = await registered({ public_keys: { sealing: around.sealing.publicKey } });
    await admin.gateways.update(gateway, { allow_plain_secrets: true });
    await admin.commands.run(gateway, order);
    expect(await everyText()).not.toContain(secret);
  });
});

import type { Client } from '@viw/client';
import { gatewayRegistrySnapshot, gatewayRegistryStream, registrySnapshotKey, streams } from '@viw/contracts';
import type { GatewayRegistryBody, GatewayRegistrySnapshot } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { decodeJwt } from 'jose';
import { sql } from 'kysely';
import { SnapshotStore } from '../src/registry/snapshot-store';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const snapshot = async (): Promise<GatewayRegistrySnapshot> => {
  const { version, body = '' } = await around.client.hgetall(registrySnapshotKey);
  const parsed = gatewayRegistrySnapshot.parse(JSON.parse(body));
  expect(Number(version)).toBe(parsed.version);
  return parsed;
};

const entryOf = async (agentId: string) =>
  (await snapshot()).gateways.find(({ agent_id }) => agent_id === agentId);

const deltas = async (): Promise<GatewayRegistryBody[]> =>
  (await around.client.xrange(streams.gatewayRegistry, '-', '+')).map(
    ([, fields]) => decodeEntry(gatewayRegistryStream, fields).body,
  );

const agentKey = (x: string) => ({ kty: 'OKP', crv: 'Ed25519', x: x.repeat(43) }) as const;

describe('the snapshot in Redis', () => {
  it('is there without any gateway having been registered, and follows every change', async () => {
    await eventually(async () => expect((await snapshot()).frozen).toBe(false));
    const id = uniqueAgent();
    await admin.gateways.register({ agent_id: id, public_keys: { agent: agentKey('a') } });
    await eventually(async () => expect(await entryOf(id)).toMatchObject({ signing_key: agentKey('a') }));
    await admin.gateways.update(id, { public_keys: { agent: agentKey('b') }, min_version: '1.4.0' });
    await eventually(async () =>
      expect(await entryOf(id)).toMatchObject({ signing_key: agentKey('b'), min_version: '1.4.0' }),
    );
  });

  it('comes back when Redis has lost its memory', async () => {
    const before = await snapshot();
    await around.client.flushall();
    await eventually(async () => expect(await snapshot()).toEqual(before));
  });

  it('never goes back in version', async () => {
    const store = new SnapshotStore({ redis: around.client });
    const before = await snapshot();
    expect(await store.replace({ version: before.version - 1, frozen: true, gateways: [] })).toBe(
      before.version,
    );
    expect(await snapshot()).toEqual(before);
  });

  it('goes on from the version that hubs know when Postgres was restored from a backup', async () => {
    const { version } = await snapshot();
    await around.client.hset(registrySnapshotKey, 'version', version + 50, 'body', '{}');
    await eventually(async () => expect((await snapshot()).version).toBe(version + 51));
    await eventually(() => expect(backend.log.join('')).toContain('registry_version_lifted'));
    const id = uniqueAgent();
    await admin.gateways.register({ agent_id: id });
    await eventually(async () => expect((await snapshot()).version).toBe(version + 52));
    expect(await entryOf(id)).toEqual({ agent_id: id, state: 'active' });
  });

  it.each(['9007199254740991', '1.5', '0x7f', 'nan'])(
    'a version %p in Redis is none: the snapshot takes its place, and changes go on',
    async (version) => {
      const before = await snapshot();
      await around.client.hset(registrySnapshotKey, 'version', version);
      await eventually(async () => expect(await snapshot()).toEqual(before));
      const id = uniqueAgent();
      await admin.gateways.register({ agent_id: id });
      await eventually(async () => expect((await snapshot()).version).toBe(before.version + 1));
    },
  );

  it('a version that no backup explains is not believed either, and said', async () => {
    const before = await snapshot();
    await around.client.hset(registrySnapshotKey, 'version', before.version + 2_000_000_000, 'body', '{}');
    await eventually(async () => expect(await snapshot()).toEqual(before));
    await eventually(() => expect(backend.log.join('')).toContain('registry_version_implausible'));
  });
});

describe('revoking the credentials of a gateway', () => {
  it('tells hubs, takes its keys, refuses its commands; a new key brings it back', async () => {
    const id = uniqueAgent();
    await admin.gateways.register({
      agent_id: id,
      public_keys: { agent: agentKey('a'), sealing: around.sealing.publicKey },
    });
    for (let time = 0; time < 2; time++) await admin.gateways.revokeCredentials(id);
    const revoked = await admin.gateways.get(id);
    expect(revoked).toMatchObject({ has_agent_key: false, has_sealing_key: false });
    expect(revoked.revoked_at).not.toBeNull();
    await expect(admin.commands.run(id, { command: 'list_users' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await admin.gateways.update(id, { public_keys: { agent: agentKey('n') } });
    expect(await admin.gateways.get(id)).toMatchObject({ has_agent_key: true, revoked_at: null });
    const told = await eventually(async () => {
      const ours = (await deltas()).filter((body) => body.kind === 'gateway' && body.entry.agent_id === id);
      expect(ours).toHaveLength(3);
      return ours.map((body) => (body.kind === 'gateway' ? body.entry : undefined));
    });
    expect(told).toMatchObject([
      { state: 'active', signing_key: agentKey('a') },
      { state: 'revoked', signing_key: agentKey('a') },
      { state: 'active', signing_key: agentKey('n') },
    ]);
    const { rows } = await sql`SELECT detail FROM viw.audit_log
      WHERE object_id = ${id} AND action = 'gateway.credentials.revoke' ORDER BY id`.execute(around.owner);
    expect(rows).toEqual([{ detail: { changed: true } }, { detail: { changed: false } }]);
  });

  it('a gateway that is not registered has none', async () => {
    await expect(admin.gateways.revokeCredentials(uniqueAgent())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('refuses a version that nobody can compare', async () => {
    const id = uniqueAgent();
    await expect(admin.gateways.register({ agent_id: id, min_version: 'newest' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'min_version' }],
    });
  });
});

describe('the emergency stop', () => {
  afterEach(() => admin.freeze.off());

  it('refuses commands with its own code until released; hubs are told; both are audited', async () => {
    const id = uniqueAgent();
    await admin.gateways.register({ agent_id: id });
    const run = (idempotencyKey?: string) =>
      admin.commands.run(id, { command: 'list_users' }, idempotencyKey ? { idempotencyKey } : {});
    const accepted = await run('before-the-freeze');
    const operator = await backend.as('operator');
    await operator.freeze.on({ reason: 'a drill' });
    expect(await operator.freeze.on({ reason: 'another' })).toMatchObject({
      frozen: true,
      reason: 'a drill',
    });
    await expect(run()).rejects.toMatchObject({
      status: 409,
      code: 'FROZEN',
      message: 'Commands are frozen: a drill',
    });
    // The answer to what was accepted before is no new command.
    expect(await run('before-the-freeze')).toEqual(accepted);
    await eventually(async () => expect(await snapshot()).toMatchObject({ frozen: true }));
    await expect(operator.freeze.off()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await admin.freeze.off()).toEqual({ frozen: false, reason: null, frozen_at: null });
    await run();
    await eventually(async () => {
      const told = (await deltas()).flatMap((body) => {
        if (body.kind === 'freeze') return [body.frozen ? 'hubs: freeze' : 'hubs: release'];
        const claims = body.kind === 'host_policy' && decodeJwt(body.policies.at(-1) ?? '');
        return claims ? [claims['frozen'] === true ? 'hosts: freeze' : 'hosts: release'] : [];
      });
      const since = told.slice(told.indexOf('hubs: freeze'));
      // Whoever stops first waits for nobody; whoever may go on is told last.
      expect(since).toEqual(['hubs: freeze', 'hosts: freeze', 'hosts: release', 'hubs: release']);
    });
    const [a = 0, ...after] = (await deltas()).slice(-4).map(({ version }) => version);
    expect(after).toEqual([a + 1, a + 2, a + 3]);
    const { rows } = await sql`SELECT action, detail FROM viw.audit_log
      WHERE action IN ('commands.freeze', 'commands.release') ORDER BY id`.execute(around.owner);
    expect(rows).toEqual([
      { action: 'commands.freeze', detail: { changed: true, reason: 'a drill' } },
      { action: 'commands.freeze', detail: { changed: false, reason: 'another' } },
      { action: 'commands.release', detail: { changed: true } },
    ]);
  });

  it('of commands that race with it those that were accepted are stored, and no others', async () => {
    const id = uniqueAgent();
    await admin.gateways.register({ agent_id: id });
    const answers = await Promise.allSettled([
      ...Array.from({ length: 20 }, () => admin.commands.run(id, { command: 'list_users' })),
      admin.freeze.on({ reason: 'a race' }),
    ]);
    const { frozen_at: at } = await admin.freeze.get();
    const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM viw.agent_commands
      WHERE agent_id = ${id}`.execute(around.owner);
    const accepted = answers.slice(0, -1).filter(({ status }) => status === 'fulfilled').length;
    expect(rows).toEqual([{ n: accepted }]);
    expect(at).not.toBeNull();
    await expect(admin.commands.run(id, { command: 'list_users' })).rejects.toMatchObject({
      code: 'FROZEN',
    });
  });
});

it('the snapshot is taken over by another backend when the one that kept it has gone', async () => {
  const other = await startBackend(around);
  await backend.stop();
  await around.client.del(registrySnapshotKey);
  await eventually(async () => expect((await snapshot()).gateways.length).toBeGreaterThan(0), {
    timeoutMs: 30_000,
  });
  await other.stop();
});

import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Client } from '@viw/client';
import { signRequest } from '@viw/commands';
import { ed25519PublicKey, enrollment, registrySnapshotKey, renewal } from '@viw/contracts';
import type { Ed25519PublicKey, GatewayRegistrySnapshot } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

const pin = `${'A'.repeat(43)}=`;
let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
});
afterAll(() => around?.close());

// Failures are counted per address: each test has a count of its own.
beforeEach(async () => {
  backend = await startBackend(around, {
    environment: {
      BACKEND_AGENT_HUB_URLS: 'wss://hub-1.example.org,wss://hub-2.example.org',
      BACKEND_AGENT_HUB_PINS: pin,
      BACKEND_AGENT_KEY_OVERLAP_S: '3600',
    },
  });
  await sql`DELETE FROM viw.sessions`.execute(around.owner);
  await sql`DELETE FROM viw.administrators`.execute(around.owner);
  admin = await backend.signIn();
});
afterEach(() => backend?.stop());

interface OwnKey {
  readonly privateKey: KeyObject;
  readonly jwk: Ed25519PublicKey;
}
function ownKey(): OwnKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: ed25519PublicKey.parse(publicKey.export({ format: 'jwk' })) };
}

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(backend.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const enroll = (token: string, own: OwnKey, more: object = {}, proof?: string): Promise<Response> => {
  const signed = { token, public_keys: { agent: own.jwk, ...more } };
  return post('/agent/enroll', {
    ...signed,
    proof: proof ?? signRequest(own.privateKey, 'viw-enroll', signed),
  });
};

function renew(agentId: string, current: OwnKey, next: OwnKey, at = Date.now()): Promise<Response> {
  const signed = { agent_id: agentId, next: next.jwk, issued_at: new Date(at).toISOString() };
  return post('/agent/renew', {
    ...signed,
    by_current: signRequest(current.privateKey, 'viw-renew', signed),
    by_next: signRequest(next.privateKey, 'viw-renew', signed),
  });
}

async function registered(): Promise<string> {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  return id;
}

const problemOf = async (response: Response) => {
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return { status: response.status, code, detail };
};

const entryOf = async (agentId: string) => {
  const snapshot = JSON.parse(
    (await around.client.hget(registrySnapshotKey, 'body')) ?? '{}',
  ) as GatewayRegistrySnapshot;
  return snapshot.gateways.find(({ agent_id }) => agent_id === agentId);
};

const auditOf = async (agentId: string) => {
  const { rows } = await sql<{ action: string; outcome: string; actor_kind: string; detail: object }>`
    SELECT action, outcome, actor_kind, detail FROM viw.audit_log WHERE object_id = ${agentId} ORDER BY id`.execute(
    around.owner,
  );
  return rows;
};

describe('enrolment', () => {
  it('makes the host’s keys the gateway’s, tells hubs, and says what the host needs; once', async () => {
    const id = await registered();
    const { token, expires_at, agent_id } = await admin.gateways.issueEnrollmentToken(id, { ttl_s: 120 });
    expect(agent_id).toBe(id);
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 120_000)).toBeLessThan(60_000);
    const own = ownKey();
    const answer = await enroll(token, own, {
      sealing: around.sealing.publicKey,
      signing: around.signing.publicKey,
    });
    expect(answer.status).toBe(200);
    expect(enrollment.parse(await answer.json())).toEqual({
      agent_id: id,
      hub_urls: ['wss://hub-1.example.org', 'wss://hub-2.example.org'],
      hub_pins: [pin],
      command_keys: { keys: [around.signing.publicKey] },
    });
    expect(await admin.gateways.get(id)).toMatchObject({ has_agent_key: true, has_sealing_key: true });
    await eventually(async () => expect(await entryOf(id)).toMatchObject({ signing_key: own.jwk }));

    const again = await enroll(token, ownKey());
    expect(await problemOf(again)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const lines = await auditOf(id);
    expect(lines.map(({ action, outcome, actor_kind }) => [action, outcome, actor_kind])).toEqual([
      ['gateway.register', 'success', 'administrator'],
      ['gateway.enrollment_token', 'success', 'administrator'],
      ['gateway.enroll', 'success', 'gateway'],
      ['gateway.enroll', 'denied', 'anonymous'],
    ]);
    expect(lines.at(-1)?.detail).toEqual({ reason: 'used' });
    const secret = token.slice(-20);
    const { rows } = await sql`SELECT * FROM viw.enrollment_tokens, viw.audit_log`.execute(around.owner);
    expect(JSON.stringify(rows) + backend.log.join('')).not.toContain(secret);
  });

  it('answers again to who has used the token, by the same keys and in its time; to nobody else', async () => {
    const id = await registered();
    const { token } = await admin.gateways.issueEnrollmentToken(id);
    const own = ownKey();
    const helper = { sealing: around.sealing.publicKey };
    const first: unknown = await (await enroll(token, own, helper)).json();
    expect(await (await enroll(token, own, helper)).json()).toEqual(first);
    expect((await enroll(token, own)).status).toBe(403);
    expect((await enroll(token, ownKey(), helper)).status).toBe(403);
    expect((await auditOf(id)).filter(({ outcome }) => outcome === 'success')).toHaveLength(3);
    await sql`UPDATE viw.enrollment_tokens SET expires_at = now() WHERE agent_id = ${id}`.execute(
      around.owner,
    );
    expect((await enroll(token, own, helper)).status).toBe(403);
    const next = await admin.gateways.issueEnrollmentToken(id);
    await enroll(next.token, own, helper);
    await admin.gateways.revokeCredentials(id);
    expect((await enroll(next.token, own, helper)).status).toBe(403);
  });

  it('answers a token that is unknown, expired, void or used in one and the same way', async () => {
    const id = await registered();
    const issue = async () => (await admin.gateways.issueEnrollmentToken(id)).token;
    const superseded = await issue();
    const expired = await issue();
    await sql`UPDATE viw.enrollment_tokens SET expires_at = now() WHERE agent_id = ${id}
      AND voided_at IS NULL`.execute(around.owner);
    const answers = [
      await enroll(`viw_enroll_${'A'.repeat(43)}`, ownKey()),
      await enroll(superseded, ownKey()),
      await enroll(expired, ownKey()),
    ];
    const told = await Promise.all(answers.map(problemOf));
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    const reasons = (await auditOf(id)).slice(-2).map(({ detail }) => detail);
    expect(reasons).toEqual([{ reason: 'void' }, { reason: 'expired' }]);
    expect(await admin.gateways.get(id)).toMatchObject({ has_agent_key: false });
  });

  it('is refused, and leaves the token as it was, when the key is not the caller’s or was revoked', async () => {
    const id = await registered();
    const old = ownKey();
    await admin.gateways.update(id, { public_keys: { agent: old.jwk } });
    await admin.gateways.revokeCredentials(id);
    const { token } = await admin.gateways.issueEnrollmentToken(id);
    const own = ownKey();
    const proof = signRequest(old.privateKey, 'viw-enroll', { token, public_keys: { agent: own.jwk } });
    expect(await problemOf(await enroll(token, own, {}, proof))).toMatchObject({ code: 'INVALID_SIGNATURE' });
    expect(await problemOf(await enroll(token, old))).toMatchObject({ code: 'CONFLICT' });
    expect((await enroll(token, own)).status).toBe(200);
    expect(await admin.gateways.get(id)).toMatchObject({ has_agent_key: true, revoked_at: null });
  });

  it('a token is not made for who is not registered, and ends with a revocation', async () => {
    await expect(admin.gateways.issueEnrollmentToken(uniqueAgent())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const id = await registered();
    const { token } = await admin.gateways.issueEnrollmentToken(id);
    await admin.gateways.revokeCredentials(id);
    expect(await problemOf(await enroll(token, ownKey()))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('does not fail without end for one address; whoever is right gets in all the same', async () => {
    const own = ownKey();
    const statuses: number[] = [];
    let limited: Response | undefined;
    while (limited === undefined && statuses.length < 40) {
      const response = await enroll(`viw_enroll_${'A'.repeat(43)}`, own);
      statuses.push(response.status);
      if (response.status === 429) limited = response;
    }
    expect(statuses.length).toBeGreaterThanOrEqual(20);
    expect(limited?.headers.get('retry-after')).toMatch(/^[1-3]$/);
    const { token } = await admin.gateways.issueEnrollmentToken(await registered());
    expect((await enroll(token, own)).status).toBe(200);
  });

  it('refuses what is no enrolment: a request that is none, a private key, a token of another kind', async () => {
    const own = ownKey();
    const token = `viw_enroll_${'A'.repeat(43)}`;
    const proof = 'A'.repeat(86);
    const agent = own.jwk;
    for (const body of [
      { token, public_keys: { agent }, proof, csr: 'x' },
      { token, public_keys: { agent: own.privateKey.export({ format: 'jwk' }) }, proof },
      { token: 'viw_0000000000000000_x', public_keys: { agent }, proof },
    ])
      expect(await problemOf(await post('/agent/enroll', body))).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('renewal of the agent’s key', () => {
  async function enrolled() {
    const id = await registered();
    const own = ownKey();
    const { token } = await admin.gateways.issueEnrollmentToken(id);
    expect((await enroll(token, own)).status).toBe(200);
    return { id, own };
  }

  it('replaces the key by one that both sign; hubs take the former one for a while', async () => {
    const { id, own } = await enrolled();
    const next = ownKey();
    const { former_until: until } = renewal.parse(await (await renew(id, own, next)).json());
    expect(Date.parse(until ?? '')).toBeGreaterThan(Date.now());
    await eventually(async () =>
      expect(await entryOf(id)).toMatchObject({
        signing_key: next.jwk,
        former_key: { key: own.jwk, until },
      }),
    );
    // The answer was lost, and the agent asks again.
    expect(renewal.parse(await (await renew(id, own, next)).json())).toEqual({
      agent_id: id,
      former_until: null,
    });
    expect((await auditOf(id)).filter(({ action }) => action === 'gateway.key.renew')).toHaveLength(1);
    // With the former key nothing can be replaced any more.
    expect(await problemOf(await renew(id, own, ownKey()))).toMatchObject({ code: 'FORBIDDEN' });
    expect((await renew(id, next, ownKey())).status).toBe(200);
  });

  it('is refused alike for a wrong key, an unknown gateway and a revoked one; an old request is none', async () => {
    const { id, own } = await enrolled();
    const answers = [await renew(id, ownKey(), ownKey()), await renew(uniqueAgent(), own, ownKey())];
    expect(await problemOf(await renew(id, own, ownKey(), Date.now() - 600_000))).toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    await admin.gateways.revokeCredentials(id);
    answers.push(await renew(id, own, ownKey()));
    const told = await Promise.all(answers.map(problemOf));
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('does not take a next key that the caller does not hold', async () => {
    const { id, own } = await enrolled();
    const stolen = ownKey().jwk;
    const signed = { agent_id: id, next: stolen, issued_at: new Date().toISOString() };
    const signature = signRequest(own.privateKey, 'viw-renew', signed);
    const answer = await post('/agent/renew', { ...signed, by_current: signature, by_next: signature });
    expect(await problemOf(answer)).toMatchObject({ code: 'FORBIDDEN' });
  });
});

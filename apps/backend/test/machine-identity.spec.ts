import { generateKeyPairSync } from 'node:crypto';
import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import { SignJWT, createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { sql } from 'kysely';
import type { TokenKeys } from '../src/auth/token-keyring';
import { AccessTokens } from '../src/auth/access-tokens';
import { importedTokenKey } from '../src/auth/token-keys';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let other: TestBackend;
let person: Client;
let clientId: string;

beforeAll(async () => {
  around = await surroundings();
  [backend, other] = await Promise.all([startBackend(around), startBackend(around)]);
  person = await backend.signIn();
  clientId = (await person.apiClients.create({ name: 'machine', role: 'operator' })).id;
}, 60_000);

afterAll(async () => {
  await Promise.all([backend?.stop(), other?.stop()]);
  await around?.close();
});

const asBearer = (key: string, { url } = backend): Client =>
  createClient({ baseUrl: url, auth: { kind: 'apiKey', key } });
const refused = expect.objectContaining({ status: 401, code: 'UNAUTHENTICATED' }) as unknown;

/**
 * Opens nothing, on either backend, that is asked for more than about a second from now. Told by when it was asked, not by when
 * the answer came, so that a busy machine changes nothing.
 */
const closedSoon = async (bearer: string): Promise<void> => {
  const begun = performance.now();
  let openedAt = begun;
  for (const each of [backend, other])
    await eventually(async () => {
      const asked = performance.now();
      const answer: unknown = await asBearer(bearer, each)
        .session.me()
        .catch((error: unknown) => error);
      if (!(answer instanceof Error)) openedAt = asked;
      expect(answer).toEqual(refused);
    });
  expect(openedAt - begun).toBeLessThan(2_000);
};
const opens = async (bearer: string): Promise<void> => {
  for (const each of [backend, other])
    await expect(asBearer(bearer, each).session.me()).resolves.toMatchObject({ id: clientId });
};

describe('API keys', () => {
  it('are rotated with an overlap; the former one ends by itself, and its use is noted', async () => {
    const former = await person.apiClients.createKey(clientId);
    await opens(former.key);
    const next = await person.apiClients.rotateKey(clientId, former.id, { overlap_s: 3_600 });
    await opens(former.key);
    await opens(next.key);
    const { items } = await eventually(async () => {
      const keys = await person.apiClients.keys(clientId);
      expect(keys.items.every(({ last_used_at }) => last_used_at !== null)).toBe(true);
      return keys;
    });
    const until = Date.parse(items.find(({ id }) => id === former.id)?.expires_at ?? '');
    expect(Math.abs(until - Date.now() - 3_600_000)).toBeLessThan(30_000);
    expect(JSON.stringify(items)).not.toContain(former.key.split('_').slice(2).join('_'));
    await person.apiClients.rotateKey(clientId, next.id, { overlap_s: 0 });
    await closedSoon(next.key);
    await expect(person.apiClients.rotateKey(clientId, next.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are revoked, on every backend, within a second', async () => {
    const { id, key } = await person.apiClients.createKey(clientId);
    await opens(key);
    await person.apiClients.revokeKey(clientId, id);
    await closedSoon(key);
    await expect(person.apiClients.revokeKey(clientId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a client that is disabled, or loses a role, does so within a second', async () => {
    const { key } = await person.apiClients.createKey(clientId);
    await opens(key);
    await person.apiClients.update(clientId, { role: 'viewer', scope: { gateways: 'all' } });
    await eventually(async () =>
      expect(await asBearer(key).session.me()).toMatchObject({ role: 'viewer', scope: { gateways: 'all' } }),
    );
    await person.apiClients.update(clientId, { disabled: true });
    await closedSoon(key);
    await person.apiClients.update(clientId, { disabled: false, role: 'operator', scope: null });
    await eventually(() => opens(key));
  });
});

describe('the life of a key', () => {
  it('a key stops working when it expires', async () => {
    const person = await backend.signIn();
    const { id } = await person.apiClients.create({ name: 'expiring', role: 'viewer' });
    const created = await person.apiClients.createKey(id, {
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    });
    const machine = createClient({ baseUrl: backend.url, auth: { kind: 'apiKey', key: created.key } });
    await expect(machine.session.me()).resolves.toMatchObject({
      kind: 'api_client',
      name: 'expiring',
      role: 'viewer',
    });
    await sql`UPDATE viw.api_keys SET expires_at = now() - interval '1 second' WHERE id = ${created.id}`.execute(
      around.owner,
    );
    // A key is believed for a second after it was looked up.
    await eventually(() =>
      expect(machine.session.me()).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' }),
    );
  });

  it('a key is shown once and stored as a hash; a time that is over is refused', async () => {
    const person = await backend.signIn();
    const { id } = await person.apiClients.create({ name: 'once', role: 'viewer' });
    const idempotencyKey = `key-${id}`;
    const { key } = await person.apiClients.createKey(id, {}, { idempotencyKey });
    const secret = key.split('_').slice(2).join('_');
    for (const table of ['api_keys', 'idempotency_keys', 'audit_log']) {
      const { rows } = await sql<{
        n: number;
      }>`SELECT count(*)::int AS n FROM ${sql.table(`viw.${table}`)} AS t
        WHERE position(${secret} in t::text) > 0`.execute(around.owner);
      expect(rows).toEqual([{ n: 0 }]);
    }
    await expect(person.apiClients.createKey(id, {}, { idempotencyKey })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(
      person.apiClients.createKey(id, { expires_at: '2020-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('tokens', () => {
  it('open what their client may, and are verified by anybody with the published keys', async () => {
    const { token, jti } = await person.apiClients.createToken(clientId);
    await opens(token);
    const keys = createRemoteJWKSet(new URL(`${backend.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: 'viw', audience: 'viw-api' });
    expect(payload).toMatchObject({ sub: clientId, jti });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    const published = await (await fetch(`${backend.url}/.well-known/jwks.json`)).text();
    expect(published).not.toMatch(/"(d|p|q|k)":/);
  });

  it('are revoked by their jti, on every backend, within a second, and others of the client are not', async () => {
    const [one, two] = [
      await person.apiClients.createToken(clientId),
      await person.apiClients.createToken(clientId),
    ];
    await opens(one.token);
    await person.apiClients.revokeToken(one.jti);
    await closedSoon(one.token);
    await opens(two.token);
    const { rows } = await sql<{ action: string }>`SELECT action FROM viw.audit_log
      WHERE object_id = ${one.jti} ORDER BY id`.execute(around.owner);
    expect(rows.map(({ action }) => action)).toEqual(['api_token.create', 'api_token.revoke']);
  });

  it('of a client that is gone, or whose time is over, open nothing', async () => {
    const { id } = await person.apiClients.create({ name: 'short', role: 'viewer' });
    const { token } = await person.apiClients.createToken(id);
    await person.apiClients.delete(id);
    await expect(asBearer(token).session.me()).rejects.toEqual(refused);
    const past = signedBy([key('ed25519')], () => Date.now() - 3_600_000);
    expect(await signedBy([key('ed25519')]).verify((await past.issue('c', 60)).token)).toBe(undefined);
    // Not by us, who let none live longer than a day.
    expect(await past.verify((await past.issue('c', 90_000)).token)).toBe(undefined);
  });
});

const pairs = {
  ed25519: generateKeyPairSync('ed25519').privateKey,
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  weak: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
};
const key = (kind: keyof typeof pairs) => importedTokenKey(pairs[kind].export({ format: 'jwk' }));

const signedBy = (keys: TokenKeys, now = () => Date.now()): AccessTokens =>
  new AccessTokens({ keyring: { keys: () => Promise.resolve(keys) }, clock: { now } });

describe('token keys', () => {
  it('are made once where none is configured, and are nothing that the key-encryption key alone leads to', async () => {
    const { rows } = await sql<{
      kid: string;
      sealed: object;
    }>`SELECT kid, sealed FROM viw.token_keys`.execute(around.owner);
    expect(rows).toHaveLength(1);
    const published = await (await fetch(`${backend.url}/.well-known/jwks.json`)).text();
    expect(published).toContain(rows[0]?.kid ?? 'no key');
  });

  it.each([
    ['ed25519', 'EdDSA'],
    ['p256', 'ES256'],
    ['rsa', 'RS256'],
  ] as const)('%s signs and verifies by %s, also when it is the former one', async (kind, alg) => {
    const former = signedBy([key(kind)]);
    const { token } = await former.issue(clientId, 60);
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ alg });
    const now = signedBy([key(kind === 'p256' ? 'rsa' : 'p256'), key(kind)]);
    await expect(now.verify(token)).resolves.toMatchObject({ clientId });
    await expect(signedBy([key(kind === 'rsa' ? 'p256' : 'rsa')]).verify(token)).resolves.toBe(undefined);
  });

  it.each(['weak', 'p384'] as const)('%s is refused', (kind) => {
    expect(() => key(kind)).toThrow('a token key is');
  });

  it('a token that says none, or HMAC with the published key, or is for another use, is none', async () => {
    const own = key('rsa');
    const tokens = signedBy([own]);
    const { token } = await tokens.issue(clientId, 60);
    const [, body = ''] = token.split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`;
    const secret = Buffer.from(JSON.stringify(own.publicJwk));
    const claims = decodeJwt(token);
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: own.kid, typ: 'at+jwt' })
      .sign(secret);
    const otherUse = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: own.kid, typ: 'JWT' })
      .sign(own.privateKey);
    const elsewhere = await new SignJWT({ ...claims, aud: 'another' })
      .setProtectedHeader({ alg: 'RS256', kid: own.kid, typ: 'at+jwt' })
      .sign(own.privateKey);
    for (const forged of [none, hmac, otherUse, elsewhere, `${token}x`, '..', 'a.b.c'])
      await expect(tokens.verify(forged)).resolves.toBeUndefined();
  });
});

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { signHandshake, signKeyHandshake } from './sign-handshake';
import { signingString } from './signing-string';
import { verifyHandshake } from './verify-handshake';
import { verifyKeyHandshake } from './verify-key-handshake';

const secret = 'a shared secret of the tests';
const agentId = 'gw-berlin-1';
const nonce = '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a01';
const now = Date.parse('2026-11-21T08:00:00.000Z');

/** printf '%s' 'GET|<path>|2026-11-21T08:00:00.000Z|0f6f…6a01|gw-berlin-1' | openssl dgst -sha256 -hmac '<secret>' */
const vectors = {
  '/agent/ws': 'e4f7263102a210b06ad0d2186eb17e22c6ce7e1b075e09cf00e072c091d06bcf',
  '/ws/agent': '6b0142d9fc3cd2461f26cb276b3b1a83dd827d4f370a912a3a3c9e75a8497446',
} as const;

const lower = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const signed = (path = '/agent/ws', at = now): Record<string, string> =>
  lower(signHandshake({ secret, agentId, path, now: at, nonce }));

it('signs method, path, timestamp, nonce and agent id, in this order', () => {
  expect(signingString('/agent/ws', '2026-11-21T08:00:00.000Z', nonce, agentId)).toBe(
    `GET|/agent/ws|2026-11-21T08:00:00.000Z|${nonce}|gw-berlin-1`,
  );
});

it.each(Object.entries(vectors))('signs %s to the value that openssl computes', (path, expected) => {
  expect(signHandshake({ secret, agentId, path, now, nonce })).toEqual({
    'X-Agent-Id': agentId,
    'X-Timestamp': '2026-11-21T08:00:00.000Z',
    'X-Nonce': nonce,
    'X-Agent-Auth': expected,
  });
});

it('takes a fresh version 4 UUID as nonce', () => {
  const nonces = [1, 2].map(() => signHandshake({ secret, agentId, path: '/agent/ws', now })['X-Nonce']);
  expect(nonces[0]).not.toBe(nonces[1]);
  expect(nonces[0]).toMatch(/^[0-9a-f-]{14}4/);
});

describe('verifyHandshake', () => {
  it.each(Object.keys(vectors))('accepts what was signed for %s', (path) => {
    expect(verifyHandshake(signed(path), path, { secret, now })).toEqual({ ok: true, agentId, nonce });
  });

  it.each([
    ['x-agent-id', 'X-Agent-Id'],
    ['x-timestamp', 'X-Timestamp'],
    ['x-nonce', 'X-Nonce'],
    ['x-agent-auth', 'X-Agent-Auth'],
  ])('names the missing header %s', (header, label) => {
    const { [header]: _, ...rest } = signed();
    const refusal = { ok: false, code: 'BAD_REQUEST', msg: `header ${label} is missing` };
    expect(verifyHandshake(rest, '/agent/ws', { secret, now })).toEqual(refusal);
    expect(verifyHandshake({ ...rest, [header]: '' }, '/agent/ws', { secret, now })).toEqual(refusal);
  });

  it.each([
    ['x-agent-id', '../etc'],
    ['x-agent-id', 'gw-1, gw-2'],
    ['x-timestamp', '1795248000'],
    ['x-timestamp', '2026-11-21T08:00:00'],
    ['x-timestamp', '2026-11-21T09:00:00+01:00'],
    ['x-timestamp', '2026-02-30T08:00:00Z'],
    ['x-nonce', 'abc'],
    ['x-nonce', '01936b2e-0000-7000-8000-000000000001'],
  ])('refuses %s: %s as a bad request', (header, value) => {
    const verdict = verifyHandshake({ ...signed(), [header]: value }, '/agent/ws', { secret, now });
    expect(verdict).toMatchObject({ ok: false, code: 'BAD_REQUEST' });
    expect(JSON.stringify(verdict)).not.toContain(value);
  });

  it.each([
    ['another agent id', { 'x-agent-id': 'gw-berlin-2' }],
    ['another time', { 'x-timestamp': '2026-11-21T08:00:00.001Z' }],
    ['another nonce', { 'x-nonce': '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a02' }],
    ['a signature in capitals', { 'x-agent-auth': vectors['/agent/ws'].toUpperCase() }],
    ['a shortened signature', { 'x-agent-auth': vectors['/agent/ws'].slice(0, 63) }],
    ['a way that is not hmac', { 'x-agent-auth': 'ed25519 AAAA' }],
  ])('refuses %s as a bad signature', (_, change) => {
    const headers = { ...signed(), ...(change as Record<string, string>) };
    expect(verifyHandshake(headers, '/agent/ws', { secret, now })).toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it('refuses another path and another secret', () => {
    expect(verifyHandshake(signed(), '/ws/agent', { secret, now })).toMatchObject({ code: 'BAD_SIGNATURE' });
    expect(verifyHandshake(signed(), '/agent/ws', { secret: 'other', now })).toMatchObject({
      code: 'BAD_SIGNATURE',
    });
  });

  it.each([-1, 1])('allows 5 min of skew and no millisecond more (direction %d)', (sign) => {
    const edge = sign * 5 * 60_000;
    expect(verifyHandshake(signed('/agent/ws', now + edge), '/agent/ws', { secret, now })).toMatchObject({
      ok: true,
    });
    const late = signed('/agent/ws', now + edge + sign);
    expect(verifyHandshake(late, '/agent/ws', { secret, now })).toMatchObject({ code: 'CLOCK_SKEW' });
    expect(verifyHandshake(late, '/agent/ws', { secret, now, skewMs: 6 * 60_000 })).toMatchObject({
      ok: true,
    });
  });

  it('does not tell about the clock without a right signature', () => {
    const late = { ...signed('/agent/ws', 0), 'x-agent-auth': vectors['/agent/ws'] };
    expect(verifyHandshake(late, '/agent/ws', { secret, now })).toMatchObject({ code: 'BAD_SIGNATURE' });
  });
});

describe('verifyKeyHandshake', () => {
  /** RFC 8032 section 7.1, test 1: seed and public key. */
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const privateKey = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const path = '/agent/ws';
  const byKey = (more: Partial<Parameters<typeof signKeyHandshake>[0]> = {}) =>
    lower(signKeyHandshake({ privateKey, agentId, path, now, nonce, ...more }));
  const check = (headers: Record<string, string>, key: object | undefined = publicKey) =>
    verifyKeyHandshake(headers, path, { keyOf: () => key as typeof publicKey | undefined, now });

  it('accepts the signature over the same string, by the key of that agent', () => {
    // printf '%s' 'GET|/agent/ws|…|gw-berlin-1' | openssl pkeyutl -sign -rawin -inkey <the key>
    expect(byKey()['x-agent-auth']).toBe(
      'ed25519 tsGYPxuPdA5Crx8OqWsy9K-ORgWwOGiKA_4z1FjDEHMrmb7Me3S2-W8CLG1gsAqrXDVQbhiS1R0QJo5bZg_LBw',
    );
    expect(check(byKey())).toEqual({ ok: true, agentId, nonce });
    const asked: string[] = [];
    verifyKeyHandshake(byKey(), path, { keyOf: (id) => void asked.push(id), now });
    expect(asked).toEqual([agentId]);
  });

  it.each([
    ['another agent id', { 'x-agent-id': 'gw-berlin-2' }],
    ['another nonce', { 'x-nonce': '0f6f8a3e-7c57-4b1f-9f61-3b1b7f0f6a02' }],
    ['another time', { 'x-timestamp': '2026-11-21T08:00:00.001Z' }],
    ['no signature at all', { 'x-agent-auth': 'ed25519 ' }],
    ['a signature that is cut', { 'x-agent-auth': `ed25519 ${'A'.repeat(85)}` }],
    ['a signature of zeros', { 'x-agent-auth': `ed25519 ${'A'.repeat(86)}` }],
    ['another alphabet', { 'x-agent-auth': `ed25519 ${'+'.repeat(86)}` }],
    ['an HMAC', { 'x-agent-auth': vectors['/agent/ws'] }],
  ])('refuses %s as a bad signature', (_, change) => {
    expect(check({ ...byKey(), ...(change as Record<string, string>) })).toMatchObject({
      code: 'BAD_SIGNATURE',
    });
  });

  it('refuses another key, none, and one that is none', () => {
    const { privateKey: foreign } = generateKeyPairSync('ed25519');
    expect(check(byKey({ privateKey: foreign }))).toMatchObject({ code: 'BAD_SIGNATURE' });
    expect(verifyKeyHandshake(byKey(), path, { keyOf: () => undefined, now })).toMatchObject({
      code: 'BAD_SIGNATURE',
    });
    expect(check(byKey(), { ...publicKey, x: 'A'.repeat(60) })).toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it('tells about the clock only after the signature', () => {
    expect(check(byKey({ now: 0 }))).toMatchObject({ code: 'CLOCK_SKEW' });
    expect(check({ ...byKey({ now: 0 }), 'x-agent-auth': `ed25519 ${'A'.repeat(86)}` })).toMatchObject({
      code: 'BAD_SIGNATURE',
    });
  });
});

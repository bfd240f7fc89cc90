import { randomUUID } from 'node:crypto';
import type { CommandClaims } from '@viw/contracts';
import { CompactSign, UnsecuredJWT } from 'jose';
import { generateSealingKey, generateSigningKey, trustedKeySet } from './keys';
import type { SigningKeyPair } from './keys';
import { signResult, verifyResult } from './result-signature';
import type { SignedResult } from './result-signature';
import { CommandSigner, CommandVerifier, commandTokenType } from './signing';

const now = Date.parse('2026-11-21T08:00:00Z');
const seconds = now / 1_000;

const claimsFor = (change: Partial<CommandClaims> = {}): CommandClaims => ({
  corr_id: randomUUID(),
  verb: 'list_users',
  args: {},
  actor: { id: 'admin-1', role: 'admin' },
  policy_id: 'default',
  nonce: randomUUID(),
  iat: seconds,
  exp: seconds + 60,
  agent_targets: ['gw-1'],
  ...change,
});

describe('signed commands', () => {
  let keys: SigningKeyPair;
  let signer: CommandSigner;
  let verifier: CommandVerifier;

  beforeAll(async () => {
    keys = await generateSigningKey();
    signer = new CommandSigner({ key: keys.privateKey });
    verifier = new CommandVerifier({ trustedKeys: [keys.publicKey] }, { clock: { now: () => now } });
  });

  it('come back as they were signed', async () => {
    const claims = claimsFor({ verb: 'tail_logs', args: { unit: 'openvpn', lines: 5 } });
    const jws = await signer.sign(claims);
    await expect(
      verifier.verify(jws, {
        agentId: 'gw-1',
        verb: 'tail_logs',
        correlationId: claims.corr_id.toUpperCase(),
      }),
    ).resolves.toEqual(claims);
  });

  it.each<[string, string, Partial<CommandClaims>, object]>([
    ['for another gateway', 'PERMISSION_DENIED', { agent_targets: ['gw-2'] }, {}],
    ['under another verb', 'INVALID_SIGNATURE', {}, { verb: 'delete_user' }],
    ['under another correlation id', 'INVALID_SIGNATURE', {}, { correlationId: randomUUID() }],
    ['at the second it expires', 'EXPIRED', { exp: seconds }, {}],
    ['more than 60 s ahead of our clock', 'SCHEMA_MISMATCH', { iat: seconds + 61 }, {}],
  ])('are refused %s: %s', async (_name, code, change, expected) => {
    const jws = await signer.sign(claimsFor(change));
    await expect(verifier.verify(jws, { agentId: 'gw-1', ...expected })).rejects.toMatchObject({ code });
  });

  it('may be checked for expiry later', async () => {
    const jws = await signer.sign(claimsFor({ exp: seconds - 1 }));
    await expect(verifier.verify(jws, { agentId: 'gw-1', checkExpiry: 'later' })).resolves.toBeDefined();
  });

  it('are refused when altered, signed by another key, of another type or with another algorithm', async () => {
    const claims = claimsFor();
    const jws = await signer.sign(claims);
    const [header = '', , signature = ''] = jws.split('.');
    const other = await generateSigningKey();
    const text = Buffer.from(JSON.stringify(claims));
    const sameName = { ...other.privateKey, kid: keys.privateKey.kid };
    const forged = [
      [
        header,
        Buffer.from(JSON.stringify({ ...claims, verb: 'delete_user' })).toString('base64url'),
        signature,
      ].join('.'),
      await new CommandSigner({ key: other.privateKey }).sign(claims),
      await new CommandSigner({ key: sameName }).sign(claims),
      await new CompactSign(text)
        .setProtectedHeader({ alg: 'EdDSA', kid: keys.privateKey.kid })
        .sign(keys.privateKey),
      await new CompactSign(text)
        .setProtectedHeader({ alg: 'EdDSA', typ: commandTokenType })
        .sign(keys.privateKey),
      await new CompactSign(text)
        .setProtectedHeader({ alg: 'HS256', kid: keys.privateKey.kid, typ: commandTokenType })
        .sign(Buffer.from(keys.publicKey.x)),
      new UnsecuredJWT({ ...claims }).encode(),
      'not a jws',
      '',
    ];
    for (const token of forged) {
      await expect(verifier.verify(token, { agentId: 'gw-1' })).rejects.toMatchObject({
        code: 'INVALID_SIGNATURE',
      });
    }
  });

  it('are refused when what is signed is no command', async () => {
    const header = { alg: 'EdDSA', kid: keys.privateKey.kid, typ: commandTokenType } as const;
    for (const text of ['{', '{"verb":"list_users"}', JSON.stringify({ ...claimsFor(), shell: true })]) {
      const jws = await new CompactSign(Buffer.from(text)).setProtectedHeader(header).sign(keys.privateKey);
      await expect(verifier.verify(jws, { agentId: 'gw-1' })).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      });
    }
  });

  it('are not made of claims that no host would accept', () => {
    expect(() => signer.sign(claimsFor({ agent_targets: [] }))).toThrow();
  });
});

describe('trusted keys', () => {
  it('are a JWKS without private keys', async () => {
    const { privateKey, publicKey } = await generateSigningKey();
    const published = { keys: [{ ...publicKey, use: 'sig', alg: 'EdDSA' }] };
    expect(trustedKeySet.parse(published)).toEqual({ keys: [publicKey] });
    expect(trustedKeySet.safeParse({ keys: [privateKey] }).success).toBe(false);
    expect(trustedKeySet.safeParse({ keys: [(await generateSealingKey()).publicKey] }).success).toBe(false);
  });
});

describe('signed results', () => {
  it('show any change', async () => {
    const { privateKey, publicKey } = await generateSigningKey();
    const result: SignedResult = {
      correlation_id: randomUUID(),
      agent_id: 'gw-1',
      verb: 'list_users',
      status: 'success',
      rc: 0,
      stdout: '{"users":[]}',
      stderr: '',
      truncated: false,
      duration_ms: 3,
    };
    const sig = await signResult(privateKey, result);
    await expect(verifyResult(publicKey, result, sig)).resolves.toBeUndefined();
    const changes: Partial<SignedResult>[] = [
      { stdout: '{"users":["eve"]}' },
      { status: 'error' },
      { agent_id: 'gw-2' },
    ];
    for (const change of changes) {
      await expect(verifyResult(publicKey, { ...result, ...change }, sig)).rejects.toMatchObject({
        code: 'INVALID_SIGNATURE',
      });
    }
  });
});

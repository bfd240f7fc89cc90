import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Ed25519PublicKey } from '@viw/contracts';
import type { Db } from '../src/index';
import {
  EnrollmentTokenRepository,
  GatewayCredentialRepository,
  GatewayRegistryRepository,
  GatewayRepository,
  inTransaction,
} from '../src/index';
import { type Fixture, fixture, newAgent } from './fixture';

let f: Fixture;
let db: Db;
let gateways: GatewayRepository;
let tokens: EnrollmentTokenRepository;
let credentials: GatewayCredentialRepository;
beforeAll(async () => {
  f = await fixture();
  db = await f.as('viw_backend');
  gateways = new GatewayRepository({ db });
  tokens = new EnrollmentTokenRepository({ db });
  credentials = new GatewayCredentialRepository({ db });
});
afterAll(() => f.close());

const hash = (): string => createHash('sha256').update(randomBytes(16)).digest('hex');
const key = (x: string): Ed25519PublicKey => ({ kty: 'OKP', crv: 'Ed25519', x: x.repeat(43) });
const use = (tokenHash: string) =>
  inTransaction(db, (trx) => new EnrollmentTokenRepository({ db: trx }).use(tokenHash, '192.0.2.1'));

async function registered(): Promise<string> {
  const agent = newAgent();
  await gateways.register({ agent_id: agent });
  return agent;
}

async function issued(agentId: string, ttlS = 60): Promise<string> {
  const tokenHash = hash();
  await tokens.issue({ agentId, tokenHash, ttlS });
  return tokenHash;
}

test('of many who use a token at once one gets the gateway', async () => {
  const agent = await registered();
  const token = await issued(agent);
  const answers = await Promise.all(Array.from({ length: 4 }, () => use(token)));
  expect(answers.filter(({ usable }) => usable)).toEqual([
    { usable: true, agentId: agent, id: expect.any(String) as string },
  ]);
  expect(await use(token)).toEqual({
    usable: false,
    reason: 'used',
    agentId: agent,
    stillInTime: true,
  });
  await sql`UPDATE viw.enrollment_tokens SET expires_at = now() - interval '1 second' WHERE token_hash = ${token}`.execute(
    f.db,
  );
  expect(await use(token)).toMatchObject({ reason: 'used', stillInTime: false });
});

test('what is rolled back has not used it', async () => {
  const token = await issued(await registered());
  const failed = inTransaction(db, async (trx) => {
    await new EnrollmentTokenRepository({ db: trx }).use(token, '192.0.2.1');
    throw new Error('later');
  });
  await expect(failed).rejects.toThrow('later');
  expect(await use(token)).toMatchObject({ usable: true });
});

test('it ends by time, by a newer one, by a revocation and with the gateway', async () => {
  const agent = await registered();
  const late = await issued(agent);
  await sql`UPDATE viw.enrollment_tokens SET expires_at = now() - interval '1 second' WHERE token_hash = ${late}`.execute(
    f.db,
  );
  expect(await use(late)).toMatchObject({ reason: 'expired' });
  const [older, newer] = [await issued(agent), await issued(agent)];
  expect(await use(older)).toMatchObject({ reason: 'void' });
  await gateways.revokeCredentials(agent);
  expect(await use(newer)).toMatchObject({ reason: 'void' });
  const last = await issued(agent);
  await gateways.decommission(agent);
  expect(await use(last)).toMatchObject({ reason: 'void' });
  expect(await use(hash())).toEqual({ usable: false, reason: 'unknown' });
});

test('an enrolled host has the keys it brought and no others', async () => {
  const agent = await registered();
  const sealing = { kty: 'OKP', crv: 'X25519', x: 's'.repeat(43) } as const;
  await credentials.setPublicKeys(agent, { agent: key('a'), sealing, signing: key('s') });
  await credentials.setEnrolledKeys(agent, { agent: key('b') });
  expect(await credentials.lockAgentKey(agent)).toEqual(key('b'));
  expect(await credentials.sealingKey(agent)).toBeUndefined();
  // Replaced, not revoked: the same host may be enrolled again.
  await credentials.setEnrolledKeys(agent, { agent: key('b'), sealing });
  expect(await credentials.sealingKey(agent)).toEqual(sealing);
});

test('a renewed key leaves the former one to hubs for a while; whatever else changes ends that', async () => {
  const agent = await registered();
  const registry = new GatewayRegistryRepository({ db });
  const entry = async () =>
    (await registry.snapshot()).gateways.find(({ agent_id }) => agent_id === agent) ?? {};
  await credentials.setPublicKeys(agent, { agent: key('a') });
  const until = await credentials.renewAgentKey(agent, key('b'), 3_600);
  expect(Date.parse(until ?? '')).toBeGreaterThan(Date.now() + 3_500_000);
  expect(await entry()).toMatchObject({ signing_key: key('b'), former_key: { key: key('a'), until } });
  await credentials.renewAgentKey(agent, key('c'), 60);
  expect(await entry()).toMatchObject({ signing_key: key('c'), former_key: { key: key('b') } });
  // An administrator's key is not the agent's renewal: nothing of before counts beside it.
  await credentials.setPublicKeys(agent, { agent: key('d') });
  expect(await entry()).toEqual({ agent_id: agent, state: 'active', signing_key: key('d') });
  await credentials.renewAgentKey(agent, key('e'), 60);
  await gateways.revokeCredentials(agent);
  expect(await entry()).toEqual({ agent_id: agent, state: 'revoked', signing_key: key('e') });
  await expect(credentials.setEnrolledKeys(agent, { agent: key('d') })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
});

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { TokenKeyRepository } from '@viw/database';
import { eventually } from '@viw/testing';
import { decodeProtectedHeader } from 'jose';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backends: readonly TestBackend[];
let person: Client;
let clientId: string;

beforeAll(async () => {
  around = await surroundings();
  backends = await Promise.all([startBackend(around), startBackend(around)]);
  person = await backends[0]!.signIn();
  clientId = (await person.apiClients.create({ name: 'machine', role: 'viewer' })).id;
}, 60_000);
afterAll(async () => {
  await Promise.all((backends ?? []).map((backend) => backend.stop()));
  await around?.close();
});

const issued = async (): Promise<{ token: string; kid: string }> => {
  const { token } = await person.apiClients.createToken(clientId);
  return { token, kid: decodeProtectedHeader(token).kid ?? '' };
};
const opens = async (bearer: string): Promise<boolean[]> =>
  Promise.all(
    backends.map(({ url }) =>
      createClient({ baseUrl: url, auth: { kind: 'apiKey', key: bearer } })
        .session.me()
        .then(
          () => true,
          () => false,
        ),
    ),
  );
/** On every backend. */
const published = (): Promise<string[][]> =>
  Promise.all(
    backends.map(async ({ url }) => {
      const answer = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as {
        keys: { kid: string }[];
      };
      return answer.keys.map(({ kid }) => kid);
    }),
  );
const states = async () =>
  Object.fromEntries((await person.tokenKeys.list()).items.map(({ kid, state }) => [kid, state]));
/** As if so much time had passed. */
const pass = (seconds: number) =>
  sql`UPDATE viw.token_keys SET signs_from = signs_from - make_interval(secs => ${seconds})`.execute(
    around.owner,
  );

it('a new key is published first, signs later, and tokens of the former one stay valid until they expire', async () => {
  const before = await issued();
  const { items } = await person.tokenKeys.rotate();
  expect(JSON.stringify(items)).not.toMatch(/sealed|"d"/);
  const next = items.find(({ state }) => state === 'announced')?.kid ?? '';
  expect(items.map(({ kid, state }) => [kid, state])).toEqual([
    [before.kid, 'active'],
    [next, 'announced'],
  ]);
  await eventually(async () => expect(await published()).toEqual(Array(2).fill([before.kid, next])));
  expect((await issued()).kid).toBe(before.kid);
  await expect(person.tokenKeys.rotate()).rejects.toMatchObject({ code: 'CONFLICT' });

  await pass(301);
  const after = await eventually(async () => {
    const one = await issued();
    expect(one.kid).toBe(next);
    return one;
  });
  expect(await states()).toEqual({ [next]: 'active', [before.kid]: 'retiring' });
  expect([await opens(before.token), await opens(after.token)]).toEqual(Array(2).fill([true, true]));
  const { rows } = await sql`SELECT object_id, detail FROM viw.audit_log
    WHERE action = 'token_keys.rotate'`.execute(around.owner);
  expect(rows).toEqual([{ object_id: next, detail: { at_once: false } }]);

  // A day and an hour after its last token.
  await pass(86_400 + 3_500);
  const keys = new TokenKeyRepository({ db: around.owner });
  await keys.deleteReplaced(86_400 + 3_600);
  expect(Object.keys(await states())).toHaveLength(2);
  await pass(200);
  await keys.deleteReplaced(86_400 + 3_600);
  expect(await states()).toEqual({ [next]: 'active' });
  await eventually(async () => expect(await opens(before.token)).toEqual([false, false]));
  expect(await opens(after.token)).toEqual([true, true]);
});

it('a key in foreign hands is destroyed at once, on every backend, and its tokens with it', async () => {
  const before = await issued();
  const { items } = await person.tokenKeys.rotate({ at_once: true });
  expect(items.map(({ state }) => state)).toEqual(['active']);
  await eventually(async () => expect(await opens(before.token)).toEqual([false, false]));
  const after = await issued();
  expect(after.kid).toBe(items[0]?.kid);
  await eventually(async () => expect(await opens(after.token)).toEqual([true, true]));
});

it('are sealed anew under a new key-encryption key; those of the configuration are turned there', async () => {
  const old = JSON.parse(around.environment['BACKEND_ENCRYPTION_KEY'] ?? '') as unknown;
  const fresh = { id: 'fresh', key: randomBytes(32).toString('base64') };
  const next = await startBackend(around, {
    environment: { BACKEND_ENCRYPTION_KEY: JSON.stringify([fresh, old]) },
  });
  await eventually(async () => {
    const { rows } = await sql`SELECT sealed->>'kek' AS kek FROM viw.token_keys`.execute(around.owner);
    expect(rows).toEqual([{ kek: 'fresh' }]);
  });
  await eventually(() => expect(next.log.join('')).toContain('token-key.private'));
  await next.stop();

  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const configured = await startBackend(around, {
    environment: {
      BACKEND_ENCRYPTION_KEY: JSON.stringify([fresh, old]),
      BACKEND_TOKEN_KEYS: JSON.stringify({ keys: [{ ...jwk, kid: 'ours' }] }),
    },
  });
  const client = createClient({ baseUrl: configured.url, auth: { kind: 'session' } });
  await client.session.signIn(backends[0]!.admin);
  expect((await client.tokenKeys.list()).items).toMatchObject([
    { kid: 'ours', source: 'configuration', state: 'active' },
  ]);
  await expect(client.tokenKeys.rotate()).rejects.toMatchObject({ code: 'CONFLICT' });
  await configured.stop();
});

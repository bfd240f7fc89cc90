import { sql } from 'kysely';
import type { Next, OidcStage } from './oidc/stage';
import { oidcStage } from './oidc/stage';

let stage: OidcStage;
const subject = 'the victim';

beforeAll(async () => {
  stage = await oidcStage();
  const admin = await stage.backend.signIn();
  const identity = { issuer: stage.issuer, subject };
  await admin.administrators.create({ email: 'victim@example.org', identity, role: 'admin' });
}, 60_000);
afterAll(() => stage?.close());

const sessions = async (): Promise<number> => {
  const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM viw.sessions`.execute(
    stage.around.owner,
  );
  return rows[0]?.n ?? -1;
};

async function expectNobodySignedIn(attack: () => Promise<{ failure: string | null }>, failure: string) {
  const before = await sessions();
  expect((await attack()).failure).toBe(failure);
  expect(await sessions()).toBe(before);
}

it('an answer is taken once', async () => {
  await stage.next({ account: subject });
  const browser = stage.browser();
  const cookie = async () => [...browser.cookies(stage.backend.url)].map((pair) => pair.join('=')).join('; ');
  const callback = await stage.begin(browser);
  const kept = await cookie();
  expect((await stage.visit(browser, callback)).failure).toBeNull();
  // With the cookie that the browser was told to forget.
  const again = await stage.browser().ask('GET', callback, undefined, { cookie: kept });
  expect(again.location).toContain('sign_in_error=not_begun_here');
  expect(again.setCookie.join()).not.toContain('viw_session');
});

it('an answer is taken from the browser that has begun alone: nobody is signed in as somebody else unawares', async () => {
  await stage.next({ account: subject });
  const attacker = stage.browser();
  const callback = await stage.begin(attacker);
  await expectNobodySignedIn(() => stage.visit(stage.browser(), callback), 'not_begun_here');
  const victim = stage.browser();
  const own = new URL(await stage.begin(victim));
  await expectNobodySignedIn(() => stage.visit(victim, callback), 'not_begun_here');
  // The code of another sign-in with one's own state: it is bound to the other one's PKCE verifier.
  own.searchParams.set('code', new URL(callback).searchParams.get('code') ?? '');
  await expectNobodySignedIn(() => stage.visit(victim, own.href), 'not_believed');
  expect((await stage.lastLine()).detail).toMatchObject({ check: 'invalid_grant' });
});

it('an answer that comes too late is not taken', async () => {
  await stage.next({ account: subject });
  const browser = stage.browser();
  const callback = await stage.begin(browser);
  await sql`UPDATE viw.oidc_sign_ins SET expires_at = now() - interval '1 second'`.execute(
    stage.around.owner,
  );
  await expectNobodySignedIn(() => stage.visit(browser, callback), 'not_begun_here');
});

const hour = (sign: number): number => Math.floor(Date.now() / 1_000) + sign * 3_600;
const forgeries: readonly (readonly [string, () => Partial<Next>, string])[] = [
  ['without a signature', () => ({ forge: 'none' }), 'OAUTH_INVALID_RESPONSE'],
  ['signed by the client secret', () => ({ forge: 'HS256' }), 'OAUTH_INVALID_RESPONSE'],
  ['signed by another algorithm than the one', () => ({ forge: 'PS256' }), 'OAUTH_INVALID_RESPONSE'],
  ['signed by another key', () => ({ forge: 'other-key' }), 'OAUTH_INVALID_RESPONSE'],
  ['for another audience', () => ({ claims: { aud: 'other' } }), 'OAUTH_JWT_CLAIM_COMPARISON_FAILED.aud'],
  [
    'for several audiences, issued to another',
    () => ({ claims: { aud: ['viw', 'other'], azp: 'other' } }),
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED.azp',
  ],
  [
    'of another issuer',
    () => ({ claims: { iss: 'https://evil.example' } }),
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED.iss',
  ],
  ['for another nonce', () => ({ claims: { nonce: 'x' } }), 'OAUTH_JWT_CLAIM_COMPARISON_FAILED.nonce'],
  ['that has expired', () => ({ claims: { exp: hour(-1) } }), 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED.exp'],
  ['of the future', () => ({ claims: { nbf: hour(1) } }), 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED.nbf'],
  ['about nobody', () => ({ claims: { sub: null } }), 'OAUTH_INVALID_RESPONSE'],
];

it.each(forgeries)('an ID token %s is not believed', async (_name, next, check) => {
  await stage.next({ account: subject, ...next() });
  await expectNobodySignedIn(() => stage.signIn(stage.browser()), 'not_believed');
  expect((await stage.lastLine()).detail).toEqual({ by: 'oidc', reason: 'not_believed', check });
});

it('an answer in the name of another provider is not believed, nor one that names none', async () => {
  await stage.next({ account: subject });
  for (const iss of ['https://evil.example', undefined]) {
    const browser = stage.browser();
    const callback = new URL(await stage.begin(browser));
    expect(callback.searchParams.get('iss')).toBe(stage.issuer);
    if (iss === undefined) callback.searchParams.delete('iss');
    else callback.searchParams.set('iss', iss);
    await expectNobodySignedIn(() => stage.visit(browser, callback.href), 'not_believed');
  }
});

it('a person who cancels is told so', async () => {
  await stage.next({ account: null });
  await expectNobodySignedIn(() => stage.signIn(stage.browser()), 'refused_by_provider');
});

it('guesses are cut off, and leave no lines then', async () => {
  const failures: (string | null)[] = [];
  // On a busy machine one or the other more is answered meanwhile.
  while (failures.length < 200 && failures.at(-1) !== 'too_many')
    failures.push(
      (await stage.visit(stage.browser(), `${stage.backend.url}/admin/api/sign-in/oidc/callback?state=x`))
        .failure,
    );
  expect(failures.at(-1)).toBe('too_many');
  // Whoever is right is let in all the same.
  await stage.next({ account: subject });
  expect((await stage.signIn(stage.browser())).failure).toBeNull();
});

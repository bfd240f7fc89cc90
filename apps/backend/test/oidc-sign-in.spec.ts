import type { Client } from '@viw/client';
import { createClient } from '@viw/client';
import { sql } from 'kysely';
import type { Browser } from './oidc/browser';
import type { OidcStage } from './oidc/stage';
import { clientSecret, oidcStage } from './oidc/stage';
import { startBackend } from './test-backend';

let stage: OidcStage;
let admin: Client;
let serial = 0;

beforeAll(async () => {
  stage = await oidcStage();
  admin = await stage.backend.signIn();
}, 60_000);
afterAll(() => stage?.close());

const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

async function prepared(more: { password?: string; role?: 'viewer' | 'admin' } = {}) {
  const subject = `subject-${++serial}`;
  const email = `${subject}@example.org`;
  const identity = { issuer: stage.issuer, subject };
  const { id } = await admin.administrators.create({ email, identity, role: 'viewer', ...more });
  return { id, email, subject, identity };
}

const me = (browser: Browser) => browser.ask('GET', `${stage.backend.url}/admin/api/me`);

it('says which ways there are', async () => {
  const nobody = createClient({ baseUrl: stage.backend.url, auth: { kind: 'session' } });
  expect(await nobody.signIn.ways()).toEqual({ password: true, oidc: { name: 'Example Login' } });
});

it('lets in whom an administrator has prepared, with a session like any other', async () => {
  const { id, email, subject, identity } = await prepared();
  await stage.next({ account: subject });
  const browser = stage.browser();
  const callback = await stage.begin(browser, '/gateways?site=berlin');
  const page = await browser.ask('GET', callback);
  expect(page.location).toBe(`${stage.backend.url}/gateways?site=berlin`);
  expect(page.setCookie).toEqual([
    expect.stringMatching(/^viw_oidc_sign_in=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/),
    expect.stringMatching(/^viw_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/),
  ]);
  const answer = await me(browser);
  expect(answer.status).toBe(200);
  const { csrf_token: csrf, ...who } = JSON.parse(answer.body) as { csrf_token: string };
  expect(who).toMatchObject({ id, name: email, role: 'viewer' });
  expect(await stage.lastLine()).toEqual({
    outcome: 'success',
    actor_id: id,
    detail: { by: 'oidc', ...identity },
  });
  const signOut = (headers = {}) =>
    browser.ask('DELETE', `${stage.backend.url}/admin/api/session`, undefined, headers);
  // Who has no password cannot give himself one.
  const own = { current_password: 'none', password: 'a password that is long enough' };
  const address = `${stage.backend.url}/admin/api/me/password`;
  expect((await browser.ask('POST', address, own, { 'x-csrf-token': csrf })).status).toBe(403);
  expect((await signOut()).status).toBe(403);
  expect((await signOut({ 'x-csrf-token': csrf })).status).toBe(204);
  expect((await me(browser)).status).toBe(401);
  expect(await admin.administrators.get(id)).toMatchObject({ identity, identity_only: true });
});

it('knows nobody by an e-mail address, and says in the audit log who it was', async () => {
  await stage.next({
    account: 'stranger',
    claims: { email: stage.backend.admin.email, email_verified: true },
  });
  const browser = stage.browser();
  expect(await stage.signIn(browser)).toEqual({ path: '/', failure: 'unknown_identity' });
  expect(browser.cookies(stage.backend.url).size).toBe(0);
  expect(await stage.lastLine()).toEqual({
    outcome: 'failure',
    actor_id: 'anonymous',
    detail: { by: 'oidc', reason: 'unknown_identity', issuer: stage.issuer, subject: 'stranger' },
  });
});

it('a disabled account, or one whose identity was taken away, is out at once', async () => {
  for (const change of [{ disabled: true }, { identity: null }] as const) {
    const { id, subject } = await prepared({ password: 'a password that is long enough' });
    await stage.next({ account: subject });
    const browser = stage.browser();
    expect((await stage.signIn(browser)).failure).toBeNull();
    await admin.administrators.update(id, change);
    expect((await me(browser)).status).toBe(401);
    expect((await stage.signIn(stage.browser())).failure).toBe('unknown_identity');
  }
});

it('whoever may not use a password cannot; somebody who may do everything can always come in without the provider', async () => {
  const password = 'a password that is long enough';
  const { id, email, identity } = await prepared({ password, role: 'admin' });
  const browser = createClient({ baseUrl: stage.backend.url, auth: { kind: 'session' } });
  await browser.session.signIn({ email, password });
  await admin.administrators.update(id, { identity_only: true });
  await expect(browser.session.me()).rejects.toMatchObject({ status: 401 });
  await expect(browser.session.signIn({ email, password })).rejects.toEqual(refusedWith('UNAUTHENTICATED'));
  await expect(admin.administrators.update(id, { identity: null })).rejects.toEqual(refusedWith('CONFLICT'));
  const { id: own } = await admin.session.me();
  const theirs = { issuer: stage.issuer, subject: 'the first administrator' };
  await admin.administrators.update(own, { identity: identity }).then(
    () => Promise.reject(new Error('taken twice')),
    (error: unknown) => expect(error).toEqual(refusedWith('ALREADY_EXISTS')),
  );
  await expect(admin.administrators.update(own, { identity: theirs, identity_only: true })).rejects.toEqual(
    refusedWith('CONFLICT'),
  );
  await expect(admin.administrators.create({ email: 'neither@example.org', role: 'viewer' })).rejects.toEqual(
    refusedWith('VALIDATION_FAILED'),
  );
  await admin.administrators.update(id, { password, identity: null });
  await expect(browser.session.signIn({ email, password })).resolves.toMatchObject({ id });
});

it('leads nowhere else after sign-in', async () => {
  for (const return_to of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'x',
    '',
  ]) {
    const page = await stage
      .browser()
      .ask('POST', `${stage.backend.url}/admin/api/sign-in/oidc`, { return_to });
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('VALIDATION_FAILED')]);
  }
});

it('keeps nothing that completes a sign-in, neither in the database nor in the log', async () => {
  const { subject } = await prepared();
  await stage.next({ account: subject });
  const browser = stage.browser();
  const callback = new URL(await stage.begin(browser));
  const secrets = [
    ...browser.cookies(stage.backend.url).values(),
    ...['code', 'state'].map((name) => callback.searchParams.get(name) ?? ''),
    clientSecret,
  ];
  const { rows } = await sql<{ row: string }>`SELECT t::text AS row FROM viw.oidc_sign_ins AS t`.execute(
    stage.around.owner,
  );
  expect(rows.length).toBeGreaterThan(0);
  expect((await stage.visit(browser, callback.href)).failure).toBeNull();
  const kept = rows.map(({ row }) => row).join() + stage.backend.log.join('');
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(16);
    expect(kept).not.toContain(secret);
  }
});

it('without a provider nobody signs in this way', async () => {
  const other = await startBackend(stage.around);
  const nobody = createClient({ baseUrl: other.url, auth: { kind: 'session' } });
  expect(await nobody.signIn.ways()).toEqual({ password: true, oidc: null });
  await expect(nobody.signIn.beginOidc()).rejects.toEqual(refusedWith('NOT_FOUND'));
  const callback = await stage
    .browser()
    .ask('GET', `${other.url}/admin/api/sign-in/oidc/callback?code=x&state=y`);
  expect(callback.status).toBe(404);
  await other.stop();
});

it('says so when the provider is away, and comes back with it', async () => {
  const { subject } = await prepared();
  await stage.next({ account: subject });
  const [browser, fresh] = [
    stage.browser(),
    await startBackend(stage.around, { environment: { ...stage.environment, BACKEND_BIND: '127.0.0.1:0' } }),
  ];
  const callback = await stage.begin(browser);
  await stage.stopProvider();
  expect((await stage.visit(browser, callback)).failure).toBe('provider_unavailable');
  const nobody = createClient({ baseUrl: fresh.url, auth: { kind: 'session' } });
  await expect(nobody.signIn.beginOidc()).rejects.toEqual(refusedWith('UNAVAILABLE'));
  await fresh.stop();
});

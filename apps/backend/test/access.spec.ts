import { createClient } from '@viw/client';
import { sql } from 'kysely';
import { expected, roles } from './access-table';
import type { Surroundings } from './surroundings';
import { setupToken, surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const concrete = (path: string): string =>
  path
    .replace(':agent_id', 'gw-nobody')
    .replace(/:(id|vid|correlation_id|key_id|sha256)/g, '01936b2e-0000-7000-8000-000000000001');

async function status(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const giveUp = new AbortController();
  const response = await fetch(backend.url + concrete(path), { method, headers, signal: giveUp.signal });
  // The event stream would never end by itself.
  giveUp.abort();
  return response.status;
}

describe('who may call what', () => {
  it('knows every route of the table', () => {
    expect(backend.routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      Object.keys(expected).sort(),
    );
  });

  it.each(Object.entries(expected))(
    '%s: nobody without a credential, unless public',
    async (route, allowed) => {
      const [method = '', path = ''] = route.split(' ');
      const anonymous = await status(method, path, {});
      const stranger = await status(method, path, {
        authorization: `Bearer viw_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      });
      if (allowed === 'public') expect([401, 403]).not.toContain(anonymous);
      else expect([anonymous, stranger]).toEqual([401, 401]);
    },
  );

  it.each(roles)('as %s, by API key', async (role) => {
    const authorization = `Bearer ${await backend.key(role)}`;
    const wrong: string[] = [];
    for (const [route, allowed] of Object.entries(expected)) {
      if (allowed === 'public') continue;
      const [method = '', path = ''] = route.split(' ');
      const got = await status(method, path, { authorization });
      const fits = allowed.includes(role) ? got !== 401 && got !== 403 && got < 500 : got === 403;
      if (!fits) wrong.push(`${route} → ${got}`);
    }
    expect(wrong).toEqual([]);
  });

  it('audits what was refused', async () => {
    const viewer = await backend.as('viewer');
    await expect(viewer.gateways.register({ agent_id: 'gw-nobody' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const { rows } = await sql<{ detail: { target: string } }>`SELECT detail FROM viw.audit_log
      WHERE action = 'request.denied' AND outcome = 'denied' ORDER BY id DESC LIMIT 1`.execute(around.owner);
    expect(rows[0]?.detail.target).toBe('POST /admin/api/gateways/register');
  });
});

describe('people', () => {
  it('the first administrator is made once, by the token', async () => {
    await backend.signIn();
    const stranger = createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
    const other = { email: 'second@example.org', password: 'another long password' };
    await expect(
      stranger.setup({ setup_token: 'not the token, but long enough', ...other }),
    ).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(stranger.setup({ setup_token: setupToken, ...other })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('the cookie is httpOnly and strict, and only hashes are stored', async () => {
    await backend.signIn();
    const response = await fetch(`${backend.url}/admin/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(backend.admin),
    });
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^viw_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    const token = /=([\w-]+);/.exec(cookie)?.[1] ?? '';
    const { csrf_token: csrf } = (await response.json()) as { csrf_token: string };
    const { rows } = await sql<{ t: string }>`SELECT s::text || a::text AS t
      FROM viw.sessions s, viw.administrators a`.execute(around.owner);
    for (const secret of [token, csrf, backend.admin.password])
      expect(rows.map(({ t }) => t).join()).not.toContain(secret);
    expect(rows[0]?.t).toContain('$argon2id$');
  });

  it('a write by cookie needs the CSRF token of its session', async () => {
    await backend.signIn();
    const response = await fetch(`${backend.url}/admin/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(backend.admin),
    });
    const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const { csrf_token: csrf } = (await response.json()) as { csrf_token: string };
    const signOut = (headers: Record<string, string>) =>
      fetch(`${backend.url}/admin/api/session`, { method: 'DELETE', headers: { cookie, ...headers } });
    expect((await signOut({})).status).toBe(403);
    expect((await signOut({ 'x-csrf-token': `${csrf.slice(0, -1)}_` })).status).toBe(403);
    expect((await signOut({ 'x-csrf-token': csrf })).status).toBe(204);
    expect((await fetch(`${backend.url}/admin/api/me`, { headers: { cookie } })).status).toBe(401);
  });

  it('a session that was not used for long is over', async () => {
    const person = createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
    await backend.signIn();
    const { id } = await person.session.signIn(backend.admin);
    await sql`UPDATE viw.sessions SET expires_at = now() - interval '1 second' WHERE token_hash = (
      SELECT token_hash FROM viw.sessions WHERE administrator_id = ${id} ORDER BY created_at DESC LIMIT 1)`.execute(
      around.owner,
    );
    await expect(person.session.me()).rejects.toMatchObject({ status: 401 });
  });

  it('guessing is slowed down, per account and address', async () => {
    const guess = createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
    const email = 'nobody@example.org';
    for (let i = 0; i < 4; i++)
      await expect(guess.session.signIn({ email, password: `guess ${i}` })).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        message: 'E-mail address or password is wrong',
      });
    // On a busy machine a delay may be over before the next guess: each is twice as long as the one before.
    const answers: { code: string; retryAfterS?: number }[] = [];
    while (answers.length < 12 && answers.at(-1)?.code !== 'RATE_LIMITED')
      answers.push(
        await guess.session.signIn({ email, password: 'one more' }).then(
          () => ({ code: 'signed in' }),
          (error: { code: string; retryAfterS?: number }) => error,
        ),
      );
    const refused = answers.at(-1);
    expect(refused?.code).toBe('RATE_LIMITED');
    expect(refused?.retryAfterS).toBeGreaterThanOrEqual(1);
    // A second when nobody was kept: then exactly that.
    expect(refused?.retryAfterS).toBeLessThanOrEqual(2 ** (answers.length - 1));
    // Another account, from the same address.
    await expect(guess.session.signIn(backend.admin)).resolves.toMatchObject({ role: 'admin' });
  });
});

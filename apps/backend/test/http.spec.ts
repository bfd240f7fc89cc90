import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually } from '@viw/testing';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let panelDir: string;
let authorization: string;

beforeAll(async () => {
  around = await surroundings();
  panelDir = await mkdtemp(join(tmpdir(), 'viw-panel-'));
  await mkdir(join(panelDir, 'assets'));
  await writeFile(
    join(panelDir, 'index.html'),
    '<meta name="csp-nonce" content="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="/assets/app-1a2b.js"></script>',
  );
  await writeFile(join(panelDir, 'assets', 'app-1a2b.js'), 'export {};');
  await writeFile(join(panelDir, 'favicon.svg'), '<svg/>');
  await writeFile(join(panelDir, '.secret'), 'not for anybody');
  backend = await startBackend(around, {
    environment: { BACKEND_PANEL_DIR: panelDir, BACKEND_COOKIE_SECURE: 'true' },
  });
  authorization = `Bearer ${await adminKey()}`;
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
  await rm(panelDir, { recursive: true, force: true });
});

/** The cookie is for HTTPS only here, which this client does not care about. */
const adminKey = () => backend.key('admin');

const get = (path: string, headers: Record<string, string> = {}) => fetch(backend.url + path, { headers });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(backend.url + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body,
  });
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as {
    code: string;
    detail: string;
    correlation_id: string;
    errors?: { path: string; msg: string }[];
  };
};

it('a connection outlives what a proxy before it keeps idle by default', async () => {
  expect((await get('/api/health')).headers.get('keep-alive')).toBe('timeout=75');
});

describe('bad input is answered with a problem document:', () => {
  it.each(['"a\\u0000b"', '"\\ud83d"'])('text that cannot be stored: %s', async (text) => {
    const body = `{"agent_id":"gw-text","display_name":${text}}`;
    const response = await post('/admin/api/gateways/register', body, { 'idempotency-key': randomUUID() });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe('VALIDATION_FAILED');
    const search = await get(`/admin/api/gateways?q=a%00b`, { authorization });
    expect(search.status).toBe(400);
  });

  it('an address that there is not, a method that it does not take', async () => {
    const unknown = await get('/admin/api/nothing', { authorization, accept: 'text/html' });
    expect([unknown.status, (await problemOf(unknown)).code]).toEqual([404, 'NOT_FOUND']);
    const wrong = await fetch(`${backend.url}/admin/api/verbs`, {
      method: 'DELETE',
      headers: { authorization },
    });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await problemOf(wrong)).code).toBe('METHOD_NOT_ALLOWED');
  });

  it('unknown keys in body and query', async () => {
    const body = await post(
      '/admin/api/gateways/register',
      JSON.stringify({ agent_id: 'gw-x', state: 'connected' }),
    );
    expect(await problemOf(body)).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'state', msg: 'unknown key' }],
    });
    const query = await get('/admin/api/gateways?sort=name', { authorization });
    expect(await problemOf(query)).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'sort' }] });
    const twice = await get('/admin/api/gateways?site=a&site=b', { authorization });
    expect(await problemOf(twice)).toMatchObject({ errors: [{ path: 'site' }] });
    const cursor = await get('/admin/api/gateways?cursor=bm90', { authorization });
    expect(await problemOf(cursor)).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'cursor' }],
    });
    const limit = await get('/admin/api/gateways?limit=201', { authorization });
    expect(await problemOf(limit)).toMatchObject({ errors: [{ path: 'limit' }] });
  });

  it('a body that is no JSON, is another type, or is too large', async () => {
    const path = '/admin/api/gateways/register';
    const broken = await post(path, '{"agent_id": "planted-canary');
    expect([broken.status, JSON.stringify(await problemOf(broken))]).toEqual([
      400,
      expect.not.stringContaining('planted') as string,
    ]);
    expect(
      (await post(path, 'agent_id=x', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(400);
    expect((await post(path, JSON.stringify({ agent_id: 'x'.repeat(257 * 1024) }))).status).toBe(413);
    expect((await post(path, '{"__proto__": {"agent_id": "gw-x"}}')).status).toBe(400);
    expect((await get('/admin/api/gateways/%E0%A4%A', { authorization })).status).toBe(400);
    expect((await get('/admin/api/gateways/..%2F..%2Fetc', { authorization })).status).toBe(400);
  });

  it('headers that are too large, and what is no request at all', async () => {
    const large = await get('/admin/api/gateways', { authorization, 'x-more': 'x'.repeat(17 * 1024) });
    expect(await problemOf(large)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const socket = connect(Number(new URL(backend.url).port), '127.0.0.1');
    socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nContent-Type: application\/problem\+json\r\n/);
    expect(answer).toContain('"code":"BAD_REQUEST"');
  });

  it('an idempotency key with a blank', async () => {
    const response = await post('/admin/api/gateways/register', '{"agent_id":"gw-y"}', {
      'idempotency-key': 'a b',
    });
    expect(await problemOf(response)).toMatchObject({ errors: [{ path: 'Idempotency-Key' }] });
  });
});

describe('every answer', () => {
  it('carries the correlation id: the caller’s own, or one that is made', async () => {
    const own = randomUUID();
    const given = await get('/admin/api/gateways/gw-none', { authorization, 'x-correlation-id': own });
    expect(given.headers.get('x-correlation-id')).toBe(own);
    expect((await problemOf(given)).correlation_id).toBe(own);
    // Said once the answer has gone.
    await eventually(() =>
      expect(backend.log.some((line) => line.includes('"event":"request"') && line.includes(own))).toBe(true),
    );
    const made = await get('/agent/_health', { 'x-correlation-id': 'not\u00a0a uuid' });
    expect(made.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is guarded by headers', async () => {
    for (const path of ['/agent/_health', '/admin/api/me', '/', '/assets/app-1a2b.js', '/nowhere']) {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('knows a session by a cookie that only this host can set over HTTPS, and by no other name', async () => {
    const signedIn = await post('/admin/api/session', JSON.stringify(backend.admin));
    const [cookie = ''] = signedIn.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-viw_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    const [pair = ''] = cookie.split(';');
    const me = async (sent: string) => (await get('/admin/api/me', { cookie: sent })).status;
    expect([await me(pair), await me(pair.replace('__Host-', ''))]).toEqual([200, 401]);
    const { components } = (await (await get('/openapi.json', { authorization })).json()) as {
      components: { securitySchemes: { session: { name: string } } };
    };
    expect(components.securitySchemes.session.name).toBe('__Host-viw_session');
  });

  it('is described in the OpenAPI document, made of the schemas', async () => {
    const document = (await (await get('/openapi.json', { authorization })).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { requestBody?: unknown }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const notDocumented = ['/openapi.json', '/docs', '/docs/style.css'];
    expect(documented).toHaveLength(backend.routes.length - notDocumented.length);
    expect(JSON.stringify(document.paths['/admin/api/gateways/register'])).toContain('agent_id');
  });
});

describe('the panel', () => {
  it('is one page under a nonce of its own each time, for every address that a person may open', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/index.html', '/gateways/gw-1.example.org', '/certificates']) {
      const response = await get(path, { accept: 'text/html,*/*;q=0.8' });
      expect([path, response.status]).toEqual([path, 200]);
      const policy = response.headers.get('content-security-policy') ?? '';
      const nonce = /'nonce-([\w-]{20,})'/.exec(policy)?.[1] ?? '';
      expect(policy).toBe(
        `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
          "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      const html = await response.text();
      expect(html).not.toContain('__CSP_NONCE__');
      expect(html.split(nonce)).toHaveLength(3);
      expect(response.headers.get('cache-control')).toBe('no-store');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(4);
  });

  it('keeps what has a hash in its name, asks again for the rest', async () => {
    const asset = await get('/assets/app-1a2b.js');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect((await get('/favicon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  it('never answers for programs, for missing files, or for what is hidden', async () => {
    for (const path of ['/api/v2/none', '/internal/readyz', '/agent/none', '/admin/api'])
      expect([path, (await get(path, { accept: 'text/html' })).status]).toEqual([path, 404]);
    expect((await get('/assets/gone-3c4d.js', { accept: '*/*' })).status).toBe(404);
    expect((await get('/.secret')).status).toBe(404);
    expect((await get('/..%2f..%2fetc%2fpasswd')).status).toBeGreaterThanOrEqual(400);
  });
});

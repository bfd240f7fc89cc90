import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { AppError } from './errors';
import { createLogger } from './logging';
import { Counter, createMetrics } from './metrics';
import { OpsServer } from './ops-server';
import type { OpsServerDeps, OpsServerOptions } from './ops-server';

const TOKEN = 'ops-token-0123456789';
const silent = createLogger({ service: 'sample', level: 'silent' });
const running: OpsServer[] = [];
afterEach(async () => void (await Promise.all(running.splice(0).map((server) => server.stop()))));

function build(options: Partial<OpsServerOptions> = {}, deps: Partial<OpsServerDeps> = {}): OpsServer {
  const server = new OpsServer(
    { service: 'sample', version: '1.2.3', bind: { host: '127.0.0.1', port: 0 }, ...options },
    { checks: {}, metrics: createMetrics('sample'), logger: silent, ...deps },
  );
  running.push(server);
  return server;
}

async function start(options: Partial<OpsServerOptions> = {}, deps: Partial<OpsServerDeps> = {}) {
  const server = build(options, deps);
  await server.start();
  const base = `http://127.0.0.1:${server.address().port}`;
  return (path: string, init?: RequestInit) => fetch(base + path, init);
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('healthz', async () => {
  const get = await start();
  const response = await get('/internal/healthz');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ok',
    uptime_s: expect.any(Number) as number,
    service: 'sample',
    version: '1.2.3',
  });
});

test('readyz is 200 while every dependency works', async () => {
  const get = await start({}, { checks: { redis: async () => undefined, postgres: async () => 'primary' } });
  const response = await get('/internal/readyz');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ready',
    checks: { redis: { ok: true }, postgres: { ok: true, reason: 'primary' } },
  });
});

test('readyz is 503 with the reason of each failure; hanging checks are cut; foreign texts stay inside', async () => {
  const get = await start(
    { checkTimeoutMs: 50 },
    {
      checks: {
        good: async () => undefined,
        own: () => Promise.reject(new AppError('UNAVAILABLE', 'registry not loaded')),
        foreign: () => Promise.reject(Object.assign(new Error('canary'), { code: 'ECONNREFUSED' })),
        hanging: () => new Promise(() => undefined),
        throwing: () => {
          throw new Error('canary');
        },
      },
    },
  );
  const response = await get('/internal/readyz');
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: 'unavailable',
    checks: {
      good: { ok: true },
      own: { ok: false, reason: 'registry not loaded' },
      foreign: { ok: false, reason: 'Temporarily unavailable (ECONNREFUSED)' },
      hanging: { ok: false, reason: 'no answer within 50 ms' },
      throwing: { ok: false, reason: 'Internal error' },
    },
  });
});

test('metrics carry the service and the event-loop lag', async () => {
  const metrics = createMetrics('sample');
  new Counter({ name: 'viw_sample_total', help: 'Samples.', registers: [metrics] }).inc(3);
  const get = await start({}, { metrics });
  const response = await get('/internal/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  const text = await response.text();
  expect(text).toContain('viw_sample_total{service="sample"} 3');
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds{service="sample"}');
});

test('with a token: 401 without it or with a wrong one, open with it', async () => {
  const get = await start(
    { token: TOKEN },
    { routes: [{ method: 'GET', pattern: '/internal/x', handler: () => ({ status: 200, body: {} }) }] },
  );
  for (const path of ['/internal/metrics', '/internal/x', '/unknown']) {
    const refused = await get(path);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refused.json()).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    expect((await get(path, bearer(`${TOKEN}x`))).status).toBe(401);
  }
  expect((await get('/internal/metrics', bearer(TOKEN))).status).toBe(200);
  expect((await get('/internal/x', bearer(TOKEN))).status).toBe(200);
});

test('with a token: probes without it learn the bare status, with a wrong one nothing', async () => {
  const get = await start(
    { token: TOKEN },
    { checks: { redis: () => Promise.reject(new AppError('UNAVAILABLE', 'down')) } },
  );
  expect(await (await get('/internal/healthz')).json()).toEqual({ status: 'ok' });
  const ready = await get('/internal/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'unavailable' });
  expect((await get('/internal/readyz', bearer('wrong'))).status).toBe(401);
  expect(await (await get('/internal/readyz', bearer(TOKEN))).json()).toMatchObject({
    checks: { redis: { reason: 'down' } },
  });
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])(
  'refuses to start on %s without a token',
  async (host) => {
    await expect(build({ bind: { host, port: 0 } }).start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  },
);

test('names an address that is taken', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  await expect(build({ bind: { host: '127.0.0.1', port } }).start()).rejects.toMatchObject({
    code: 'BIND_FAILED',
    message: `cannot listen on 127.0.0.1:${port}: EADDRINUSE`,
  });
  await new Promise((resolve) => occupant.close(resolve));
});

describe('routes', () => {
  const routes: OpsServerDeps['routes'] = [
    {
      method: 'GET',
      pattern: '/internal/agent/agents/:id',
      handler: (_request, params) => ({ status: 200, body: params }),
    },
    {
      method: 'POST',
      pattern: '/internal/agent/echo',
      handler: (_request, _params, body) => ({ status: 202, body }),
    },
    { method: 'GET', pattern: '/internal/agent/nothing', handler: () => ({ status: 204 }) },
    {
      method: 'GET',
      pattern: '/internal/agent/full',
      handler: () => {
        throw new AppError('QUEUE_FULL', 'try later', { meta: { retry_after_s: 2.5 } });
      },
    },
    { method: 'GET', pattern: '/internal/agent/broken', handler: () => Promise.reject(new Error('canary')) },
  ];
  const post = (body: string, type = 'application/json') => ({
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });

  test('parameters, bodies, empty answers', async () => {
    const get = await start({}, { routes });
    expect(await (await get('/internal/agent/agents/gw%2F1?x=1')).json()).toEqual({ id: 'gw/1' });
    const echo = await get('/internal/agent/echo', post('{"a":1}'));
    expect([echo.status, await echo.json()]).toEqual([202, { a: 1 }]);
    expect((await get('/internal/agent/nothing')).status).toBe(204);
  });

  test('bad requests are refused with a problem document', async () => {
    const get = await start({}, { routes });
    const code = async (path: string, init?: RequestInit) => {
      const response = await get(path, init);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const body = (await response.json()) as { code: string; status: number };
      expect(body.status).toBe(response.status);
      return body.code;
    };
    expect(await code('/internal/agent/echo', post('{'))).toBe('BAD_REQUEST');
    expect(await code('/internal/agent/echo', post('{}', 'text/plain'))).toBe('BAD_REQUEST');
    expect(await code('/internal/agent/agents/%zz')).toBe('BAD_REQUEST');
    expect(await code('/internal/agent/echo', post(JSON.stringify('x'.repeat(64 * 1024))))).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    expect(await code('/internal/agent/agents/')).toBe('NOT_FOUND');
    expect(await code('/internal/healthz', post('{}'))).toBe('METHOD_NOT_ALLOWED');
  });

  test('errors of handlers: own ones with Retry-After, foreign ones without their text', async () => {
    const get = await start({}, { routes });
    const full = await get('/internal/agent/full');
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '3']);
    const broken = await get('/internal/agent/broken');
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain('canary');
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@viw/client';
import { redisAclLine } from '@viw/contracts';
import { createLogger, createMetrics } from '@viw/runtime';
import { createRedis, waitUntilReady } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import { RateLimits } from '../src/rate-limits/rate-limits';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let other: TestBackend;

const environment = {
  BACKEND_RATE_ADDRESS_PER_MIN: '1000',
  BACKEND_RATE_READ_PER_MIN: '20',
  BACKEND_RATE_WRITE_PER_MIN: '40',
  BACKEND_RATE_AGENT_PER_MIN: '5',
  BACKEND_RATE_SIGN_IN_PER_MIN: '10',
  BACKEND_RATE_SIGN_IN_RETURN_PER_MIN: '2',
};

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around, { environment });
  other = await startBackend(around, { environment });
  await backend.signIn();
  // Until both count in Redis: while they connect each counts for itself.
  const remaining = async ({ url }: TestBackend): Promise<number> => {
    const { headers } = await fetch(`${url}/agent/_health`);
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  };
  await eventually(async () => {
    const first = await remaining(backend);
    const next = [await remaining(other), await remaining(backend), await remaining(other)];
    expect(next).toEqual([first - 1, first - 2, first - 3]);
  });
}, 60_000);

afterAll(async () => {
  await Promise.all([backend?.stop(), other?.stop()]);
  await around?.close();
});

const me = (key: string, { url } = backend): Promise<Response> =>
  fetch(`${url}/admin/api/me`, { headers: { authorization: `Bearer ${key}` } });
const statuses = async (answers: Promise<Response>[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

it('a caller has one quota on all backends; beyond it 429 says when to come back', async () => {
  // A backend that stood still takes it for Redis's silence, and counts for itself for a moment.
  const key = await eventually(async () => {
    const next = await backend.key('viewer');
    const answers = Array.from({ length: 30 }, (_, i) => me(next, i % 2 === 0 ? backend : other));
    expect(await statuses(answers)).toEqual({ 200: 20, 429: 10 });
    return next;
  });
  const refused = await me(key);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
  // Neither another caller nor another class of routes.
  expect((await me(await backend.key('viewer'))).status).toBe(200);
});

it('every answer tells how it stands, also one that is refused or not there', async () => {
  const key = await backend.key('viewer');
  const answer = await me(key);
  expect(answer.headers.get('ratelimit-policy')).toBe('"address";q=1000;w=60, "read";q=20;w=60');
  expect(answer.headers.get('ratelimit')).toMatch(/^"address";r=\d+;t=\d+, "read";r=19;t=\d+$/);
  for (const path of ['/nowhere', '/admin/api/gateways', '/agent/_health']) {
    const response = await fetch(backend.url + path);
    expect([path, response.headers.get('ratelimit')]).toEqual([path, expect.stringMatching(/^"address";r=/)]);
  }
});

it('who has no credential yet is counted by its address', async () => {
  const enrol = () =>
    fetch(`${backend.url}/agent/enroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
  expect(await statuses(Array.from({ length: 8 }, enrol))).toEqual({ 400: 5, 429: 3 });
});

it('no web page can use up by the browsers of an office what its people sign in by', async () => {
  const session = `${backend.url}/admin/api/session`;
  const returned = (token = ''): Promise<Response> =>
    fetch(`${backend.url}/admin/api/sign-in/oidc/callback?code=a&state=b`, {
      headers: { cookie: `viw_oidc_sign_in=${token}` },
    });
  const forced = (): Promise<Response> =>
    fetch(session, { method: 'POST', body: '{}', headers: { 'sec-fetch-site': 'cross-site' } });
  expect(await statuses(Array.from({ length: 15 }, () => returned()))).toEqual({ 404: 15 });
  expect(await statuses(Array.from({ length: 15 }, forced))).toEqual({ 403: 15 });
  const begun = 'b'.repeat(43);
  expect(await statuses(Array.from({ length: 4 }, () => returned(begun)))).toEqual({ 404: 2, 429: 2 });
  await backend.signIn();
});

it('counts who is behind a trusted proxy for themselves, and believes nobody else about that', async () => {
  const behind = await startBackend(around, {
    environment: { ...environment, BACKEND_TRUSTED_PROXIES: '127.0.0.1' },
  });
  try {
    const from = async ({ url }: TestBackend, address: string): Promise<string> => {
      const response = await fetch(`${url}/agent/_health`, { headers: { 'x-forwarded-for': address } });
      return /r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1] ?? '';
    };
    expect(await from(behind, '192.0.2.1')).toBe('999');
    expect(await from(behind, '192.0.2.2')).toBe('999');
    expect(await from(backend, '192.0.2.3')).not.toBe('999');
  } finally {
    await behind.stop();
  }
});

it('can be looked at, without being used up by that', async () => {
  const id = await eventually(async () => {
    const key = await backend.key('viewer');
    const client = createClient({ baseUrl: backend.url, auth: { kind: 'apiKey', key } });
    const me = await client.session.me();
    const own = await client.rateLimits.mine();
    expect(own.items.find(({ policy }) => policy === 'read')).toMatchObject({ quota: 20, remaining: 18 });
    return me.id;
  });
  const admin = await backend.signIn();
  for (let i = 0; i < 2; i++) {
    const { items } = await admin.rateLimits.of({ api_client: id, address: '127.0.0.1' });
    expect(items.find(({ policy }) => policy === 'read')).toMatchObject({ remaining: 18, exceeded: false });
    expect(items.find(({ policy }) => policy === 'agent')).toMatchObject({ quota: 5 });
  }
});

it('goes on counting, and serving, while Redis is away or stands still', async () => {
  const redis = await startRedis();
  const lonely = await startBackend(around, {
    environment: { ...environment, BACKEND_REDIS_URL: redis.url },
  });
  try {
    const key = await backend.key('viewer');
    await eventually(async () => expect((await me(key, lonely)).status).toBe(200));
    const still = createRedis(redis.url, { role: 'command', name: 'test' });
    await waitUntilReady(still);
    await still.call('CLIENT', 'PAUSE', '60000', 'ALL');
    still.disconnect();
    // Redis stands still for a minute. Asked anew when this machine stood still meanwhile, after the second in which Redis is not.
    let shortestMs = Infinity;
    for (let round = 0, at = 0; round < 3 && shortestMs >= 5_000; round++) {
      await eventually(() => expect(performance.now() - at).toBeGreaterThan(1_500));
      const begun = performance.now();
      expect((await me(key, lonely)).status).toBe(200);
      at = performance.now();
      shortestMs = Math.min(shortestMs, at - begun);
    }
    expect(shortestMs).toBeLessThan(5_000);
    await redis.stop();
    const next = await backend.key('viewer');
    expect(await statuses(Array.from({ length: 30 }, () => me(next, lonely)))).toEqual({ 200: 20, 429: 10 });
    expect(lonely.log.join('')).toContain('rate_limits_alone');
  } finally {
    await lonely.stop();
    await redis.stop();
  }
});

it('needs no more of Redis than the account of the backend has', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-backend-acl-'));
  const aclFile = join(dir, 'users.acl');
  await writeFile(aclFile, `user default off\n${redisAclLine('backend', '>secret')}\n`);
  const server = await startRedis({ aclFile });
  const url = new URL(server.url);
  [url.username, url.password] = ['backend', 'secret'];
  const logger = createLogger({ service: 'backend', level: 'silent' });
  const redis = createRedis(url.href, { role: 'command', name: 'test' }, { logger });
  await waitUntilReady(redis);
  const warnings: unknown[] = [];
  const perMinute = {
    address: 5,
    sign_in: 0,
    sign_in_return: 0,
    agent: 0,
    read: 0,
    write: 0,
    heavy: 0,
    emergency: 0,
  };
  const limits = new RateLimits(
    { perMinute },
    {
      redis,
      logger: Object.assign(logger, { warn: (...all: unknown[]) => warnings.push(all) }),
      metrics: createMetrics('t'),
    },
  );
  await limits.count('address', 'a');
  await expect(limits.look('address', 'a')).resolves.toMatchObject({ remaining: 4 });
  expect(await limits.count('read', 'a')).toBeUndefined();
  expect(warnings).toEqual([]);
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

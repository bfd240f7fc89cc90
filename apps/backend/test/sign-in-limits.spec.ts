import { createLogger } from '@viw/runtime';
import { closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { redisAclLine } from '@viw/contracts';
import { eventually, startRedis } from '@viw/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignInLimiter } from '../src/auth/sign-in-limiter';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let dir: string;

beforeAll(async () => {
  around = await surroundings();
  dir = await mkdtemp(join(tmpdir(), 'viw-backend-sign-in-'));
}, 60_000);

afterAll(async () => {
  await around?.close();
  await rm(dir, { recursive: true, force: true });
});

const guess = async ({ url }: TestBackend, email: string): Promise<number> => {
  const { status } = await fetch(`${url}/admin/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'certainly wrong' }),
  });
  return status;
};
const ready = (backend: TestBackend): Promise<void> =>
  eventually(async () => {
    await guess(backend, `nobody-${Math.random()}@example.org`);
    const lines = backend.log.filter((line) => line.includes('sign_in_limits_'));
    expect(lines.at(-1) ?? '').not.toContain('alone');
  });

/**
 * Guesses by turns until one is refused. On a busy machine a delay may be over before the next guess: each is twice as long as the
 * one before. Backends that did not count together would refuse the ninth at the earliest.
 */
async function guessed(email: string, ...backends: readonly TestBackend[]): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < 8 && statuses.at(-1) !== 429)
    statuses.push(await guess(backends[statuses.length % backends.length]!, email));
  return statuses;
}
const slowedDown = [401, 401, 401, 401];

it('guesses at two backends count together, and go on counting in each while Redis is away', async () => {
  const server = await startRedis();
  const environment = { BACKEND_REDIS_URL: server.url };
  const [first, second] = await Promise.all([
    startBackend(around, { environment }),
    startBackend(around, { environment }),
  ]);
  try {
    await Promise.all([ready(first), ready(second)]);
    const together = await guessed('a@example.org', first, second);
    expect([together.slice(0, 4), together.at(-1)]).toEqual([slowedDown, 429]);
    await server.stop();
    const lone = await guessed('b@example.org', second);
    expect([lone.slice(0, 4), lone.at(-1)]).toEqual([slowedDown, 429]);
    expect(await guess(first, 'b@example.org')).toBe(401);
    expect(second.log.join('')).toContain('sign_in_limits_alone');
  } finally {
    await Promise.all([first.stop(), second.stop()]);
    await server.stop();
  }
});

describe('two limiters on one Redis, by the account of the backend', () => {
  it('let side by side through no more than one after the other, and forget after a success; no name is to be read', async () => {
    const aclFile = join(dir, 'users.acl');
    await writeFile(aclFile, `user default on nopass ~* &* +@all\n${redisAclLine('backend', '>secret')}\n`);
    const server = await startRedis({ aclFile });
    const plain = createRedis(server.url, { role: 'command', name: 'test' });
    const url = new URL(server.url);
    [url.username, url.password] = ['backend', 'secret'];
    const redis = createRedis(url.href, { role: 'command', name: 'test' });
    const warnings: unknown[] = [];
    const logger = Object.assign(createLogger({ service: 'backend', level: 'silent' }), {
      warn: (...all: unknown[]) => warnings.push(all),
    });
    const limiters = [0, 1].map(() => new SignInLimiter({ hashKey: Buffer.alloc(32, 7) }, { redis, logger }));
    const [one, two] = limiters as [SignInLimiter, SignInLimiter];
    const waitOf = async (limiter: SignInLimiter, account: string, from = '192.0.2.7'): Promise<number> =>
      limiter.attempt(account, from).then(
        () => 0,
        (error: { meta: { retry_after_s?: number } }) => error.meta.retry_after_s ?? -1,
      );
    try {
      await Promise.all([waitUntilReady(redis), waitUntilReady(plain)]);
      const waits = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          waitOf(i % 2 ? one : two, i % 3 ? 'eve@example.org' : 'EVE@example.org'),
        ),
      );
      expect(waits.filter((wait) => wait === 0)).toHaveLength(4);
      await eventually(async () => expect(await waitOf(one, 'eve@example.org')).toBeGreaterThan(0), {
        everyMs: 1,
      });
      // Neither another address nor another account.
      expect(await waitOf(one, 'eve@example.org', '198.51.100.9')).toBe(0);
      expect(await waitOf(one, 'adam@example.org')).toBe(0);
      await two.succeeded('eve@example.org', '192.0.2.7');
      expect(await waitOf(one, 'eve@example.org')).toBe(0);
      const keys = await plain.keys('*');
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) {
        expect(key).toMatch(/^viw:rate:sign_in_(failures|waits):[\w-]{43}$/);
        expect(await plain.pttl(key)).toBeGreaterThan(0);
      }
      const attempt = (limiter: SignInLimiter) => waitOf(limiter, 'seth@example.org', '203.0.113.1');
      for (let i = 0; i < 3; i++) await attempt(one);
      // Twice as long after each that was let through, also after one that came when its time was over already.
      let passed = 0;
      for (const limiter of [two, one]) {
        const before = passed;
        await eventually(async () => {
          if ((await attempt(limiter)) === 0) passed += 1;
          expect(passed).toBeGreaterThan(before);
          const wait = await attempt(one);
          if (wait === 0) passed += 1;
          expect(wait).toBe(2 ** (passed - 1));
        });
      }
      expect(warnings).toEqual([]);
    } finally {
      await Promise.all([closeRedis(redis), closeRedis(plain)]);
      await server.stop();
    }
  });
});

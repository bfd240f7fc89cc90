import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Redis from 'ioredis';
import { startRedis } from '../src/index';
import { isAlive } from '../src/process-table';

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

test('two at once are separate, and stop leaves neither process nor folder', async () => {
  const [one, two] = await Promise.all([startRedis(), startRedis()]);
  expect(one.port).not.toBe(two.port);
  await withClient(one.url, (client) => client.set('who', 'one'));
  expect(await withClient(two.url, (client) => client.get('who'))).toBeNull();
  const [, folder] = await withClient(one.url, (client) => client.config('GET', 'dir'));
  expect(existsSync(folder ?? '')).toBe(true);
  await Promise.all([one.stop(), two.stop()]);
  expect(isAlive(one.pid) || isAlive(two.pid)).toBe(false);
  expect(existsSync(folder ?? '')).toBe(false);
});

test('a confirmed write survives SIGKILL and restart on the same port', async () => {
  const redis = await startRedis();
  const first = redis.pid;
  await withClient(redis.url, (client) => client.xadd('viw.test', '*', 'n', '1'));
  await redis.kill();
  expect(isAlive(first)).toBe(false);
  await redis.restart();
  expect(redis.pid).not.toBe(first);
  expect(await withClient(redis.url, (client) => client.xlen('viw.test'))).toBe(1);
  await redis.stop();
});

test('password and folder of the caller', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  const redis = await startRedis({ dir, password: 'p"w:/@ä' });
  expect(await withClient(redis.url, (client) => client.ping())).toBe('PONG');
  await redis.stop();
  expect(existsSync(join(dir, 'redis.conf'))).toBe(true);
  await rm(dir, { recursive: true });
});

test('ACL file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  const aclFile = join(dir, 'users.acl');
  await writeFile(aclFile, 'user default off\nuser hub on >secret ~viw.* +@all\n');
  const redis = await startRedis({ aclFile });
  const url = redis.url.replace('redis://', 'redis://hub:secret@');
  await withClient(url, async (client) => {
    await client.set('viw.a', '1');
    await expect(client.set('other', '1')).rejects.toThrow('NOPERM');
  });
  await redis.stop();
  await rm(dir, { recursive: true });
});

test('a start that fails says why', async () => {
  await expect(startRedis({ config: { 'no-such-directive': 'yes' } })).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('no-such-directive') as string,
  });
});

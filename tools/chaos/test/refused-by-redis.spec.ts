import { closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { type RedisWithAccounts, startRedisWithAccounts } from '../src/world/redis-with-accounts';
import { refusedByRedis } from '../src/world/stream-state';

let server: RedisWithAccounts;
beforeAll(async () => {
  server = await startRedisWithAccounts();
});
afterAll(() => server.stop());

it('tells of a command that an account had no right to, and not of the question every service asks', async () => {
  const [auditor, writer] = [server.url, server.urlOf('results-writer')].map((url) =>
    createRedis(url, { role: 'command', name: 'refused-test' }),
  ) as [ReturnType<typeof createRedis>, ReturnType<typeof createRedis>];
  await Promise.all([waitUntilReady(auditor), waitUntilReady(writer)]);
  await expect(writer.config('GET', 'appendfsync')).rejects.toThrow('NOPERM');
  expect(await refusedByRedis(auditor)).toEqual([]);
  await expect(writer.flushall()).rejects.toThrow('NOPERM');
  expect(await refusedByRedis(auditor)).toEqual(['Redis refused results-writer flushall (command)']);
  await Promise.all([closeRedis(auditor), closeRedis(writer)]);
});

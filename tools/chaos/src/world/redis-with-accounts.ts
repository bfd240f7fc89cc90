import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisAccount, redisAccounts, redisAclLine } from '@viw/contracts';
import { type Redis, startRedis } from '@viw/testing';

export interface RedisWithAccounts extends Redis {
  /** With the account a service has in production; `url` itself may do everything. */
  urlOf(account: RedisAccount): string;
}

/** A Redis with the accounts of `deploy/redis/users.acl.template`, and `default` for those who look on. */
export async function startRedisWithAccounts(
  options: { readonly logFile?: string } = {},
): Promise<RedisWithAccounts> {
  const password = randomBytes(18).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'viw-chaos-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const aclFile = join(folder, 'users.acl');
  const accounts = Object.keys(redisAccounts) as RedisAccount[];
  const lines = [
    'user default on nopass ~* &* +@all',
    ...accounts.map((account) => redisAclLine(account, `>${password}`)),
  ];
  await writeFile(aclFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  let redis: Redis;
  try {
    redis = await startRedis({ ...options, aclFile });
  } catch (error) {
    await remove();
    throw error;
  }
  const { stop } = redis;
  return Object.assign(redis, {
    stop: async () => {
      await stop();
      await remove();
    },
    urlOf: (account: RedisAccount) => {
      const url = new URL(redis.url);
      url.username = account;
      url.password = password;
      return url.toString();
    },
  });
}

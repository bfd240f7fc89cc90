import { randomBytes } from 'node:crypto';
import { generateSealingKey, generateSigningKey } from '@viw/commands';
import type { SealingKeyPair, SigningKeyPair } from '@viw/commands';
import { createDatabase, createServiceLogin, migrate } from '@viw/database';
import type { Db } from '@viw/database';
import { SecretBox, zEncryptionKeys } from '@viw/secrets';
import { createRedis, waitUntilReady } from '@viw/streams';
import type { Redis as RedisClient } from '@viw/streams';
import { startRedis, uniqueDatabase } from '@viw/testing';
import type { Redis } from '@viw/testing';

export const setupToken = 'the one-time setup token of these tests';

/** Servers and keys of one spec file. */
export interface Surroundings {
  readonly redis: Redis;
  readonly client: RedisClient;
  /** As the owner of the schema. */
  readonly owner: Db;
  readonly ownerUrl: string;
  /** As a backend has it: an account with the rights of `viw_backend` only. */
  readonly databaseUrl: string;
  /** By the key-encryption key of the installation. */
  readonly box: SecretBox;
  readonly signing: SigningKeyPair;
  readonly sealing: SealingKeyPair;
  /** Environment of a backend. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function surroundings(): Promise<Surroundings> {
  const [redis, { url }] = await Promise.all([startRedis(), uniqueDatabase()]);
  const owner = createDatabase({ url, applicationName: 'test', max: 3 });
  await migrate(owner);
  const account = new URL(url);
  account.username = `t_${randomBytes(6).toString('hex')}`;
  account.password = randomBytes(16).toString('hex');
  await createServiceLogin(owner, 'viw_backend', account.username, account.password);
  const client = createRedis(redis.url, { role: 'command', name: 'test' });
  await waitUntilReady(client);
  const [signing, sealing] = await Promise.all([generateSigningKey(), generateSealingKey()]);
  const encryptionKey = JSON.stringify({ id: 'test', key: randomBytes(32).toString('base64') });
  return {
    redis,
    client,
    owner,
    ownerUrl: url,
    databaseUrl: account.href,
    box: new SecretBox({ keys: zEncryptionKeys().parse(encryptionKey) }),
    signing,
    sealing,
    environment: {
      BACKEND_ENABLED: 'true',
      BACKEND_LOG_LEVEL: 'warn',
      BACKEND_BIND: '127.0.0.1:0',
      BACKEND_OPS_BIND: '127.0.0.1:0',
      BACKEND_DATABASE_URL: account.href,
      BACKEND_REDIS_URL: redis.url,
      BACKEND_COOKIE_SECURE: 'false',
      BACKEND_SETUP_TOKEN: setupToken,
      BACKEND_ENCRYPTION_KEY: encryptionKey,
      BACKEND_COMMAND_SIGNING_KEY: JSON.stringify({ ...signing.privateKey, alg: 'EdDSA' }),
    },
    close: async () => {
      client.disconnect();
      await owner.destroy();
      await redis.stop();
    },
  };
}

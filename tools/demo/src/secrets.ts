import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RedisAccount, redisAccounts } from '@viw/contracts';
import { exportJWK, generateKeyPair } from 'jose';

/** Made anew at every start; they live in files with mode 0600 below the demo's folder and nowhere else. */
export interface DemoSecrets {
  readonly sharedSecret: string;
  readonly setupToken: string;
  readonly adminPassword: string;
  readonly opsToken: string;
  /** Of the account that may do everything: the demo's own, no service has it. */
  readonly redisPassword: string;
  readonly redisPasswords: Readonly<Record<RedisAccount, string>>;
  readonly databasePasswords: Readonly<Record<DatabaseAccount, string>>;
  readonly files: {
    readonly sharedSecret: string;
    readonly setupToken: string;
    readonly opsToken: string;
    readonly encryptionKey: string;
    /** Private JWK with which the backend signs commands. */
    readonly commandSigningKey: string;
    /** JWKS with its public half, pinned on every gateway. */
    readonly trustedCommandKeys: string;
  };
}

export const databaseAccounts = [
  'backend',
  'telemetry_writer',
  'results_writer',
  'cert_worker',
  'notifier',
] as const;
export type DatabaseAccount = (typeof databaseAccounts)[number];

const token = (bytes = 32): string => randomBytes(bytes).toString('base64url');

export async function makeSecrets(dir: string): Promise<DemoSecrets> {
  const folder = join(dir, 'secrets');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    await chmod(path, 0o600);
    return path;
  };

  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const kid = `demo-${token(6)}`;
  const sharedSecret = token();
  const setupToken = token();
  const opsToken = token();
  return {
    sharedSecret,
    setupToken,
    adminPassword: token(12),
    opsToken,
    redisPassword: token(),
    redisPasswords: Object.fromEntries(
      Object.keys(redisAccounts).map((account) => [account, token()]),
    ) as Record<RedisAccount, string>,
    databasePasswords: Object.fromEntries(databaseAccounts.map((account) => [account, token()])) as Record<
      DatabaseAccount,
      string
    >,
    files: {
      sharedSecret: await file('agent-shared-secret', sharedSecret),
      setupToken: await file('setup-token', setupToken),
      opsToken: await file('ops-token', opsToken),
      encryptionKey: await file(
        'encryption-key.json',
        JSON.stringify({ id: kid, key: randomBytes(32).toString('base64') }),
      ),
      commandSigningKey: await file(
        'command-signing-key.json',
        JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' }),
      ),
      trustedCommandKeys: await file(
        'trusted-command-keys.json',
        JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }] }),
      ),
    },
  };
}

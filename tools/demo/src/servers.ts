import { userInfo } from 'node:os';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RedisAccount, redisAccounts, redisAclLine } from '@viw/contracts';
import {
  type Nginx,
  type Pebble,
  type Postgres,
  type Redis,
  type SshKeyPair,
  type Sshd,
  StartError,
  findProgram,
  freePort,
  generateSshKeyPair,
  startNginx,
  startPebble,
  startPostgres,
  startRedis,
  startSshd,
} from '@viw/testing';
import type { DemoLayout } from './layout';
import type { Progress } from './progress';
import type { DemoSecrets } from './secrets';
import type { Supervisor } from './supervisor';

/** Names of the site that the demo issues a certificate for. Pebble's DNS stand-in answers 127.0.0.1 for every name. */
export const siteNames = ['shop.demo.test', 'www.shop.demo.test'] as const;

/** The managed web server and its certificate authority. */
export interface WebServers {
  readonly pebble: Pebble;
  readonly sshd: Sshd;
  readonly nginx: Nginx;
  readonly sshKey: SshKeyPair;
  /** Where cert-worker answers HTTP-01; NGINX forwards `/.well-known/acme-challenge/` to it. */
  readonly http01Port: number;
}

export interface Servers {
  readonly redis: Redis;
  readonly postgres: Postgres;
  /** Absent when one of its programs is missing on this machine. */
  readonly web: WebServers | undefined;
}

export async function startServers(
  layout: DemoLayout,
  secrets: DemoSecrets,
  deps: { supervisor: Supervisor; progress: Progress },
): Promise<Servers> {
  const { supervisor, progress } = deps;
  const redis = await progress.step(
    'Redis (append-only file, every write synced), one account per service',
    async () =>
      startRedis({
        dir: layout.data('redis'),
        password: secrets.redisPassword,
        aclFile: await writeRedisAccounts(layout, secrets),
        logFile: layout.log('redis'),
      }),
  );
  supervisor.server('redis', layout.log('redis'), redis);

  const postgres = await progress.step('Postgres', () => startDurablePostgres(layout));
  supervisor.server('postgres', layout.log('postgres'), postgres);

  const obstacle = obstacleToCertificates();
  if (obstacle !== undefined) {
    progress.say(`  - certificates are left out: ${obstacle}`);
    return { redis, postgres, web: undefined };
  }
  const web = await progress.step('Pebble (ACME), NGINX, sshd', () => startWebServers(layout));
  supervisor.server('pebble', layout.log('pebble'), web.pebble);
  supervisor.server('sshd', layout.log('sshd'), web.sshd);
  supervisor.server('nginx', layout.log('nginx'), web.nginx);
  return { redis, postgres, web };
}

/** Why this machine, or this user, cannot have the managed web server. */
function obstacleToCertificates(): string | undefined {
  const lacking = ['pebble', 'pebble-challtestsrv', 'sshd', 'nginx', 'ssh-keygen'].filter(
    (name) => !findProgram(name),
  );
  if (lacking.length > 0) return `${lacking.join(', ')} not installed here`;
  const { username, shell } = userInfo();
  // sshd runs every command by the shell of the account.
  return /\/(nologin|false)$/.test(shell ?? '')
    ? `the account ${username} may not log in (its shell is ${shell})`
    : undefined;
}

/** As `deploy/redis/users.acl.template`; `default` stays on here, for the demo's own look into Redis. */
async function writeRedisAccounts(layout: DemoLayout, secrets: DemoSecrets): Promise<string> {
  const hashed = (password: string): string => `#${createHash('sha256').update(password).digest('hex')}`;
  const accounts = Object.keys(redisAccounts) as RedisAccount[];
  const lines = [
    `user default on ${hashed(secrets.redisPassword)} ~* &* +@all`,
    ...accounts.map((account) => redisAclLine(account, hashed(secrets.redisPasswords[account]))),
  ];
  const file = join(layout.root, 'secrets', 'redis.acl');
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** Postgres as root runs as another user, which may not be able to reach the demo's folder. */
async function startDurablePostgres(layout: DemoLayout): Promise<Postgres> {
  const options = { durable: true, logFile: layout.log('postgres') };
  try {
    return await startPostgres({ ...options, dir: layout.data('postgres') });
  } catch (error) {
    if (error instanceof StartError && error.code === 'unreachable-folder') return startPostgres(options);
    throw error;
  }
}

async function startWebServers(layout: DemoLayout): Promise<WebServers> {
  const http01Port = await freePort();
  const httpPort = await freePort();
  const sshKey = await generateSshKeyPair({ comment: 'viw-demo' });
  const [pebble, sshd, nginx] = await Promise.all([
    startPebble({ dir: layout.data('pebble'), httpPort, logFile: layout.log('pebble') }),
    startSshd({ dir: layout.data('sshd'), authorizedKeys: [sshKey.publicKey], logFile: layout.log('sshd') }),
    startNginx({
      dir: layout.data('nginx'),
      httpPort,
      sites: [{ names: siteNames }],
      logFile: layout.log('nginx'),
    }),
  ]);
  await forwardChallenges(nginx, http01Port);
  return { pebble, sshd, nginx, sshKey, http01Port };
}

/** As in production: port 80 belongs to NGINX, which hands the CA's questions to cert-worker. */
async function forwardChallenges(nginx: Nginx, http01Port: number): Promise<void> {
  await nginx.writeConf(
    '00-http.conf',
    `server {
    listen 127.0.0.1:${nginx.httpPort} default_server;
    server_name _;

    location /.well-known/acme-challenge/ {
        proxy_pass http://127.0.0.1:${http01Port};
    }
    location / {
        return 301 https://$host:${nginx.httpsPort}$request_uri;
    }
}
`,
  );
  await nginx.restart();
}

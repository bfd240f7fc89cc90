import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { exchange } from './ready';
import { scratch } from './scratch';
import { type Server, launchServer } from './server';

export interface RedisOptions {
  dir?: string;
  port?: number;
  /** True by default: every write is on disk before it is answered (`appendfsync always`). */
  appendonly?: boolean;
  /** An ACL file, https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ */
  aclFile?: string;
  /** Of the user `default`. */
  password?: string;
  /** Further directives of redis.conf. */
  config?: Readonly<Record<string, string>>;
  logFile?: string;
}

export interface Redis extends Server {
  /** With the password of `default`, if there is one. */
  readonly url: string;
  readonly port: number;
}

/** A Redis on 127.0.0.1 that never evicts and, by default, loses nothing that it has confirmed. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const binary = requireProgram('redis-server');
  const port = options.port ?? (await freePort());
  // A test of its own waits for no disk: `appendfsync always` does so at every write. Killed and started again it loses nothing.
  const inMemory = process.env['JEST_WORKER_ID'] !== undefined;
  const folder = await scratch('redis', { dir: options.dir, inMemory });
  const confFile = join(folder.path, 'redis.conf');
  await writeFile(confFile, render({ ...directives(options, port, folder.path), ...options.config }), {
    mode: 0o600,
  });

  const launch = () =>
    startProgram({
      name: 'redis-server',
      argv: [binary, confFile],
      ...(options.logFile !== undefined && { logFile: options.logFile }),
      readyWhen: () => answers(port, options.password),
    });
  const server = await launchServer(launch, folder.remove);
  const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return Object.assign(server, { url: `redis://${login}127.0.0.1:${port}`, port });
}

function directives(options: RedisOptions, port: number, dir: string): Record<string, string> {
  return {
    bind: '127.0.0.1',
    port: String(port),
    dir: quote(dir),
    daemonize: 'no',
    save: '""',
    appendonly: options.appendonly === false ? 'no' : 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    ...(options.aclFile !== undefined && { aclfile: quote(options.aclFile) }),
    ...(options.password !== undefined && { requirepass: quote(options.password) }),
  };
}

function render(lines: Record<string, string>): string {
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** redis.conf reads double-quoted values with C-like escapes. */
function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Ready when it answers commands; while it still reads its append-only file it says LOADING. */
async function answers(port: number, password: string | undefined): Promise<void> {
  const login = password === undefined ? '' : command('AUTH', password);
  const answer = await exchange({ port, say: login + command('PING') });
  // With an ACL file the user `default` may be off: refusing us is an answer too.
  if (!/^(\+OK|\+PONG|-NOAUTH|-NOPERM)/.test(answer) || answer.includes('-LOADING')) {
    throw new Error(`redis answers ${answer.trim()}`);
  }
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Program, startProgram } from './child';
import { freePort } from './ports';
import { type PostgresBinaries, type PostgresSource, postgresBinaries } from './postgres-binaries';
import { type Scratch, scratch } from './scratch';
import { type Server, launchServer } from './server';
import { StartError } from './start-error';
import { type SystemUser, barrier, findUser, runsAsRoot } from './unprivileged-user';

export interface PostgresOptions {
  /** Keeps the cluster; a second start with the same folder finds the same data and password. */
  dir?: string;
  port?: number;
  /** True: as a real server. False by default: a crash of the machine may cost the data, and everything is faster. */
  durable?: boolean;
  source?: PostgresSource;
  /** Further settings of postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  logFile?: string;
}

export interface Postgres extends Server {
  /** Database `postgres` as the superuser `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Creates an empty database owned by the superuser; its URL. `name`: lower-case letters, digits and `_`. */
  createDatabase(name: string): Promise<string>;
}

/**
 * A Postgres on 127.0.0.1 (TCP only, scram-sha-256, random password). Root runs it as user `postgres`, else `nobody`:
 * the server refuses to run as root.
 * @throws StartError
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const user = runsAsRoot() ? chooseUser() : undefined;
  const port = options.port ?? (await freePort());
  const folder = await scratch('postgres', { dir: options.dir });
  let prepared: Prepared;
  try {
    prepared = await prepare(folder, options, user);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  const { binaries, data, password } = prepared;
  const url = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;

  const launch = () =>
    launchPostgres(binaries, data, port, options, user, () => query(url('postgres'), 'SELECT 1', 5_000));
  const server = await launchServer(launch, folder.remove);
  return Object.assign(server, {
    url: url('postgres'),
    port,
    createDatabase: async (name: string) => {
      if (!/^[a-z0-9_]{1,63}$/.test(name)) throw new Error(`not a plain database name: ${name}`);
      await query(url('postgres'), `CREATE DATABASE "${name}"`);
      return url(name);
    },
  });
}

interface Prepared {
  binaries: PostgresBinaries;
  data: string;
  password: string;
}

/** Makes the cluster, unless the folder holds one. */
async function prepare(
  folder: Scratch,
  options: PostgresOptions,
  user: SystemUser | undefined,
): Promise<Prepared> {
  if (user) {
    await chown(folder.path, user.uid, user.gid);
    const closed = barrier(folder.path, user);
    if (closed !== undefined) {
      throw new StartError(
        'unreachable-folder',
        `Postgres runs as user ${user.name}, which cannot pass through ${closed} to its data in ${folder.path}: choose another folder or chmod o+x ${closed}`,
      );
    }
  }
  const binaries = await postgresBinaries(options.source ?? 'auto', folder.path, user);
  const data = join(folder.path, 'data');
  const passwordFile = join(folder.path, 'superuser-password');
  if (existsSync(join(data, 'PG_VERSION'))) {
    return { binaries, data, password: await readFile(passwordFile, 'utf8') };
  }
  const password = randomBytes(18).toString('hex');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (user) for (const path of [passwordFile, data]) await chown(path, user.uid, user.gid);
  await initialise(binaries, data, passwordFile, options, user, folder.path);
  return { binaries, data, password };
}

async function initialise(
  binaries: PostgresBinaries,
  data: string,
  passwordFile: string,
  options: PostgresOptions,
  user: SystemUser | undefined,
  cwd: string,
): Promise<void> {
  const program = await startProgram({
    name: 'initdb',
    argv: [
      binaries.initdb,
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(options.durable ? [] : ['--no-sync']),
    ],
    cwd,
    runAs: user && { uid: user.uid, gid: user.gid },
  });
  const exit = await program.exited;
  if (exit.code !== 0) throw new StartError('not-ready', `initdb failed: ${program.output().slice(-2_000)}`);
}

function launchPostgres(
  binaries: PostgresBinaries,
  data: string,
  port: number,
  options: PostgresOptions,
  user: SystemUser | undefined,
  answers: () => Promise<void>,
): Promise<Program> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const start = () =>
    startProgram({
      name: 'postgres',
      argv: [
        binaries.postgres,
        '-D',
        data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: data,
      runAs: user && { uid: user.uid, gid: user.gid },
      ...(options.logFile !== undefined && { logFile: options.logFile }),
      // "Fast" shutdown: SIGTERM would wait for all clients to leave, https://www.postgresql.org/docs/current/server-shutdown.html
      stopSignal: 'SIGINT',
      readyWhen: answers,
    });
  return afterTheOldOnesHaveLeft(start);
}

/** After a kill the sessions notice within moments; until then a new server finds their shared memory in use and ends. */
async function afterTheOldOnesHaveLeft(start: () => Promise<Program>): Promise<Program> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const old =
        error instanceof Error && /shared memory block|lock file .* already exists/.test(error.message);
      if (!old || performance.now() > deadline) throw error;
    }
  }
}

function chooseUser(): SystemUser {
  const user = findUser('postgres', 'nobody');
  if (!user)
    throw new StartError(
      'no-resource',
      'Postgres cannot run as root, and there is no user postgres or nobody',
    );
  return user;
}

async function query(url: string, sql: string, connectMs = 60_000): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

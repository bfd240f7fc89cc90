import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { exchange } from './ready';
import { scratch } from './scratch';
import { type Server, launchServer } from './server';
import { generateSshKeyPair, sshFingerprint } from './ssh-key-pair';
import { runsAsRoot } from './unprivileged-user';

export interface SshdOptions {
  /** Keeps the host key for the next start. */
  dir?: string;
  port?: number;
  /** Public key lines that may sign in. */
  authorizedKeys: readonly string[];
  /** The only user that may sign in; ourselves by default. Another one needs root. */
  user?: string;
  /** Further lines of sshd_config, before ours (sshd takes the first value of each keyword). */
  config?: readonly string[];
  logFile?: string;
  /** Program and arguments that become sshd, such as `unshare --mount`; before sshd's own. */
  through?: readonly string[];
}

export interface Sshd extends Server {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `SHA256:…` of its only host key (ed25519). */
  readonly hostKeyFingerprint: string;
  /** Public key line of the host key. */
  readonly hostKeyPublic: string;
}

/**
 * A real OpenSSH server on 127.0.0.1: keys only, SFTP inside, sessions with the user's real shell and an empty home.
 * `stop` and `kill` end its open sessions, too.
 * @throws StartError
 */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const binary = requireProgram('sshd');
  const port = options.port ?? (await freePort());
  const user = options.user ?? userInfo().username;
  // sshd reads authorized_keys with the rights of the user who signs in.
  const folder = await scratch('sshd', { dir: options.dir, mode: 0o755 });
  const hostKeyPublic = await hostKey(folder.path);
  await writeFile(
    join(folder.path, 'authorized_keys'),
    options.authorizedKeys.map((key) => `${key}\n`).join(''),
    {
      mode: 0o644,
    },
  );
  const confFile = join(folder.path, 'sshd_config');
  await writeFile(confFile, [...(options.config ?? []), ...settings(folder.path, port, user), ''].join('\n'));
  // Where root's sshd confines what has not yet signed in. Made at boot normally.
  if (runsAsRoot()) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const [first = binary, ...rest] = [...(options.through ?? []), binary, '-D', '-e', '-f', confFile];
  const argv = [first, ...rest] as const;
  const launch = () =>
    startProgram({
      name: 'sshd',
      argv,
      ...(options.logFile !== undefined && { logFile: options.logFile }),
      endsChildren: 'at-kill-and-stop',
      readyWhen: async () => {
        const banner = await exchange({ port, listen: true });
        if (!banner.startsWith('SSH-2.0-')) throw new Error(`port ${port} says ${banner}`);
      },
    });
  const server = await launchServer(launch, folder.remove);
  return Object.assign(server, {
    host: '127.0.0.1',
    port,
    user,
    hostKeyFingerprint: sshFingerprint(hostKeyPublic),
    hostKeyPublic,
  });
}

/** The public line of the folder's host key, which is made when there is none. */
async function hostKey(folder: string): Promise<string> {
  const file = join(folder, 'ssh_host_ed25519_key');
  if (!existsSync(file)) {
    const pair = await generateSshKeyPair({ comment: 'host' });
    await writeFile(`${file}.pub`, `${pair.publicKey}\n`);
    await writeFile(file, pair.privateKey, { mode: 0o600 });
  }
  return (await readFile(`${file}.pub`, 'utf8')).trim();
}

function settings(folder: string, port: number, user: string): string[] {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'ssh_host_ed25519_key')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `AllowUsers ${user}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'UseDNS no',
    'PidFile none',
    'PrintMotd no',
    'LogLevel VERBOSE',
    // What the user's shell would do at its start is none of a test's business, and may take long or hang.
    `SetEnv HOME=${folder}`,
    'Subsystem sftp internal-sftp',
  ];
}

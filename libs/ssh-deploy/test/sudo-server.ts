import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateSshKeyPair, runsAsRoot, startSshd, type Sshd } from '@viw/testing';
import { SshPool, type Installer, type SshConnectOptions } from '../src';

/** The sign-in user of these tests; only the servers started here know it. */
export const DEPLOYER = { name: 'viw-deployer', uid: 54_321 };
const INSTALLER_PATH = '/usr/local/sbin/viw-cert-install';
const script = resolve(__dirname, '../../../deploy/nginx-server/viw-cert-install');

/** sudo and a mount namespace: containers may forbid either. */
export const maySudo =
  runsAsRoot() &&
  spawnSync('sudo', ['-V']).status === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

export interface SudoServer {
  readonly sshd: Sshd;
  readonly login: SshConnectOptions;
  readonly pool: SshPool;
  readonly installer: Installer;
  readonly home: string;
  /** Of the server's own /etc and /usr/local/sbin, which this machine's are not. */
  readonly etc: string;
  readonly sbin: string;
  /** Runs the program on the server as the sign-in user. */
  run(argv: readonly string[], stdin?: string): Promise<{ rc: number; stdout: string; stderr: string }>;
  /** Has root's installer do what the line says. */
  ask(line: string): Promise<{ rc: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

/** A real sshd with a user who is not root and may run the installer by real sudo, in a mount namespace with accounts of its own. */
export async function startSudoServer(
  sudoersLine: (username: string, installer: Installer) => string,
  configuration: readonly string[],
): Promise<SudoServer> {
  const base = await mkdtemp(join(tmpdir(), 'viw-sudo-'));
  await chmod(base, 0o755);
  const [etc, sbin, home] = [join(base, 'etc'), join(base, 'sbin'), join(base, 'home')];
  spawnSync('cp', ['-a', '/etc', etc]);
  await mkdir(sbin, { mode: 0o755 });
  await mkdir(home, { mode: 0o700 });
  await chown(home, DEPLOYER.uid, DEPLOYER.uid);
  const { name, uid } = DEPLOYER;
  await appendFile(join(etc, 'passwd'), `${name}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  await appendFile(join(etc, 'group'), `${name}:x:${uid}:\n`);
  await appendFile(join(etc, 'shadow'), `${name}:*:19000:0:99999:7:::\n`);
  await mkdir(join(etc, 'viw'), { mode: 0o755 });
  await writeFile(join(etc, 'viw/cert-install.conf'), configuration.map((line) => `${line}\n`).join(''));
  await cp(script, join(sbin, 'viw-cert-install'));
  await chmod(join(sbin, 'viw-cert-install'), 0o755);
  const sha256 = createHash('sha256')
    .update(await readFile(script))
    .digest('hex');
  const installer = { path: INSTALLER_PATH, sha256 };
  await writeFile(join(etc, 'sudoers.d/viw-cert-install'), `${sudoersLine(name, installer)}\n`, {
    mode: 0o440,
  });

  const key = await generateSshKeyPair();
  const mounts = `mount --bind ${etc} /etc && mount --bind ${sbin} /usr/local/sbin && exec "$@"`;
  const sshd = await startSshd({
    authorizedKeys: [key.publicKey],
    user: name,
    through: ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', mounts, 'sshd'],
  });
  const pool = new SshPool();
  const login = {
    host: sshd.host,
    port: sshd.port,
    username: name,
    privateKey: key.privateKey,
    hostKeyFingerprint: sshd.hostKeyFingerprint,
  };
  const run: SudoServer['run'] = (argv, stdin) =>
    pool.use(login, async (server) =>
      (await server.connect()).exec(argv, stdin === undefined ? {} : { stdin }),
    );
  return {
    sshd,
    login,
    pool,
    installer,
    home,
    etc,
    sbin,
    run,
    ask: (line) => run(['sudo', '-n', INSTALLER_PATH], line),
    stop: async () => {
      await pool.stop();
      await sshd.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}

import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ssh2';
import { freePort, generateSshKeyPair, type Sshd } from '@viw/testing';
import { onlyLiteralTrue, probeHostKey, SshConnection, type SshConnectOptions } from '@viw/ssh-deploy';
import { startSshdStage } from './sshd-stage';

let sshd: Sshd;
let login: SshConnectOptions;
let folder: string;
let connection: SshConnection;

beforeAll(async () => {
  ({ sshd, login } = await startSshdStage());
  folder = await mkdtemp(join(tmpdir(), 'viw-ssh-'));
  connection = await SshConnection.connect(login);
});
afterAll(async () => {
  await connection.close();
  await sshd.stop();
  await rm(folder, { recursive: true });
});

describe('connecting', () => {
  it('refuses a host key that is not the pinned one before anything is authenticated', async () => {
    const expected = `SHA256:${'A'.repeat(43)}`;
    const accepted = (): number => sshd.program.output().split('Accepted publickey').length;
    const before = accepted();
    await expect(SshConnection.connect({ ...login, hostKeyFingerprint: expected })).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      retryable: false,
      meta: { expected, offered: sshd.hostKeyFingerprint },
    });
    expect(accepted()).toBe(before);
  });

  it('takes nothing but a literal yes from a verifier: ssh2 by itself takes a promise of no for a yes', async () => {
    const attempt = (hostVerifier: (key: Buffer) => boolean): Promise<string> =>
      new Promise((resolve) => {
        const client = new Client();
        client.on('ready', () => resolve('ready')).on('error', ({ message }) => resolve(message));
        client.once('ready', () => client.end());
        client.connect({ ...login, hostVerifier });
      });
    const no = async (): Promise<boolean> => false;
    await expect(attempt(no as never)).resolves.toBe('ready');
    for (const answer of [no, async () => true, () => 'yes', () => 1, () => undefined])
      await expect(attempt(onlyLiteralTrue(answer))).resolves.toContain('verification failed');
    await expect(attempt(onlyLiteralTrue(() => true))).resolves.toBe('ready');
  });

  it('accepts a pinned fingerprint with base64 padding', async () => {
    const padded = await SshConnection.connect({
      ...login,
      hostKeyFingerprint: `${sshd.hostKeyFingerprint}=`,
    });
    await padded.close();
    expect(padded.isAlive).toBe(false);
  });

  it('cannot be asked to connect without a fingerprint', async () => {
    for (const hostKeyFingerprint of ['', 'SHA256:', 'MD5:00:11', '*']) {
      await expect(SshConnection.connect({ ...login, hostKeyFingerprint })).rejects.toMatchObject({
        code: 'SSH_FAILED',
      });
    }
  });

  it('shows the host key to whoever has to confirm it', async () => {
    await expect(probeHostKey(sshd.host, sshd.port)).resolves.toEqual({
      fingerprint: sshd.hostKeyFingerprint,
      keyType: 'ssh-ed25519',
    });
  });

  it('tells a refused sign-in, an unusable key, a closed port and a foreign algorithm apart', async () => {
    const stranger = await generateSshKeyPair();
    const cases: [Partial<SshConnectOptions>, string, boolean][] = [
      [{ privateKey: stranger.privateKey }, 'authentication', false],
      [{ privateKey: 'no key' }, 'credential', false],
      [{ port: await freePort() }, 'unreachable', true],
      [{ hostKeyAlgorithms: ['rsa-sha2-512'] }, 'protocol', true],
    ];
    for (const [wrong, reason, retryable] of cases) {
      await expect(SshConnection.connect({ ...login, ...wrong })).rejects.toMatchObject({
        code: 'SSH_FAILED',
        retryable,
        meta: { reason },
      });
    }
    await expect(probeHostKey('127.0.0.1', await freePort())).rejects.toMatchObject({ code: 'SSH_FAILED' });
  });
});

describe('exec', () => {
  it('hands over arguments, input, output and status as they are', async () => {
    const hostile = ["it's", '$(id)', '`id`', '; exit 9', '\n', '*', ''];
    const shown = await connection.exec(['printf', '<%s>', ...hostile]);
    expect(shown).toMatchObject({ rc: 0, stdout: hostile.map((one) => `<${one}>`).join('') });
    const failed = await connection.exec(['sh', '-c', 'cat; echo out of luck >&2; exit 7'], {
      stdin: 'input',
    });
    expect(failed).toEqual({ rc: 7, stdout: 'input', stderr: 'out of luck\n', truncated: false });
  });

  it('keeps a bounded part of long output', async () => {
    const { stdout, truncated, rc } = await connection.exec(['sh', '-c', 'head -c 300000 /dev/zero'], {
      maxOutputBytes: 1000,
    });
    expect([stdout.length, truncated, rc]).toEqual([1000, true, 0]);
  });

  it('ends a command at its time limit and stays usable', async () => {
    const begin = performance.now();
    await expect(connection.exec(['sleep', '30'], { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'SSH_FAILED',
      retryable: true,
      message: 'sleep did not end within 200 ms',
      meta: { reason: 'timeout' },
    });
    expect(performance.now() - begin).toBeLessThan(20_000);
    await expect(connection.exec(['echo', 'on'])).resolves.toMatchObject({ stdout: 'on\n' });
  });

  it('rejects what runs when the connection is lost', async () => {
    const other = await SshConnection.connect(login);
    const running = other.exec(['sleep', '30']);
    const lost = expect(running).rejects.toMatchObject({
      code: 'SSH_FAILED',
      meta: { reason: 'connection' },
    });
    await other.close();
    await lost;
    await expect(other.exec(['true'])).rejects.toMatchObject({ code: 'SSH_FAILED' });
  });
});

describe('files', () => {
  it('writes new files only, with their mode and digest', async () => {
    const files = await connection.sftp();
    const path = join(folder, "new 'file'.pem");
    await files.writeNewFile(path, 'content\n');
    expect(await readFile(path, 'utf8')).toBe('content\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await files.hold({ [path]: 'content\n' })).toBe(true);
    expect(await files.hold({ [path]: 'other' })).toBe(false);
    await expect(files.writeNewFile(path, 'x')).rejects.toMatchObject({
      code: 'SSH_FAILED',
      meta: { reason: 'file', path },
    });
    expect(await readFile(path, 'utf8')).toBe('content\n');
    await files.writeNewFile(join(folder, 'empty'), '');
    expect((await stat(join(folder, 'empty'))).size).toBe(0);
  });

  it('writes and verifies a megabyte', async () => {
    const files = await connection.sftp();
    const data = 'x'.repeat(1_000_003);
    await files.writeNewFile(join(folder, 'large'), data);
    expect(await files.hold({ [join(folder, 'large')]: data })).toBe(true);
  });

  it('switches a link that exists, and one that does not', async () => {
    const files = await connection.sftp();
    const link = join(folder, 'link');
    expect(await files.readlink(link)).toBeUndefined();
    await files.switchSymlink(link, 'one', join(folder, '.s1'));
    expect(await files.readlink(link)).toBe('one');
    await files.switchSymlink(link, 'two', join(folder, '.s2'));
    expect(await files.readlink(link)).toBe('two');
    expect((await files.list(folder)).map(({ name }) => name)).not.toContain('.s2');
  });

  it('removes a directory of known files only, and never follows a link', async () => {
    const files = await connection.sftp();
    const dir = join(folder, 'version');
    await files.mkdir(dir);
    await files.writeNewFile(join(dir, 'a.pem'), 'a');
    await files.writeNewFile(join(dir, 'foreign'), 'b');
    await expect(files.removeDirectoryOf(dir, ['a.pem'])).rejects.toMatchObject({ code: 'SSH_FAILED' });
    expect((await files.list(dir)).length).toBe(2);
    await files.removeDirectoryOf(dir, ['a.pem', 'foreign']);
    expect(await files.kind(dir)).toBeUndefined();
    await symlink('/etc', join(folder, 'etc'));
    expect(await files.kind(join(folder, 'etc'))).toBe('symlink');
    await expect(files.ensureDirectory(join(folder, 'etc'))).rejects.toMatchObject({ code: 'SSH_FAILED' });
  });
});

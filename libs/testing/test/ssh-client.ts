import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram, type Sshd } from '../src/index';

/** Runs a command through OpenSSH's own client, which accepts only the host key that `sshd` reports. */
export async function runOverSsh(sshd: Sshd, privateKey: string, command: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  try {
    const keyFile = join(dir, 'key');
    const hosts = join(dir, 'known_hosts');
    await writeFile(keyFile, privateKey, { mode: 0o600 });
    await writeFile(hosts, `[${sshd.host}]:${sshd.port} ${sshd.hostKeyPublic}\n`);
    const options = [
      `UserKnownHostsFile=${hosts}`,
      'StrictHostKeyChecking=yes',
      'BatchMode=yes',
      'IdentitiesOnly=yes',
    ];
    const { stdout } = await promisify(execFile)(requireProgram('ssh'), [
      ...['-F', 'none', '-i', keyFile, '-p', String(sshd.port), '-l', sshd.user],
      ...options.flatMap((option) => ['-o', option]),
      ...[sshd.host, command],
    ]);
    return stdout;
  } finally {
    await rm(dir, { recursive: true });
  }
}

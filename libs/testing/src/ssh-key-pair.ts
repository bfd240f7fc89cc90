import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool';
import { scratch } from './scratch';

export interface SshKeyPair {
  /** OpenSSH private key file (PEM, `OPENSSH PRIVATE KEY`). */
  privateKey: string;
  /** One line as in authorized_keys: `ssh-ed25519 <base64> <comment>`. */
  publicKey: string;
  /** As OpenSSH prints it: `SHA256:<base64 without padding>`. */
  fingerprint: string;
}

/** A new ed25519 key pair, by ssh-keygen. For tests and the demo: a passphrase shows in the process list for a moment. */
export async function generateSshKeyPair(
  options: { comment?: string; passphrase?: string } = {},
): Promise<SshKeyPair> {
  const folder = await scratch('ssh-key');
  try {
    const file = join(folder.path, 'key');
    const comment = options.comment ?? 'viw';
    await runTool('ssh-keygen', [
      ...['-q', '-t', 'ed25519', '-N', options.passphrase ?? '', '-C', comment, '-f', file],
    ]);
    const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim();
    return { privateKey: await readFile(file, 'utf8'), publicKey, fingerprint: sshFingerprint(publicKey) };
  } finally {
    await folder.remove();
  }
}

/** SHA-256 fingerprint of a public key line, as OpenSSH prints it. */
export function sshFingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

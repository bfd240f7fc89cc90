import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox } from './secret-box';

export interface SshCredentialSecret {
  /** OpenSSH or PEM private key. */
  readonly privateKey: string;
  readonly passphrase?: string | undefined;
}

const contextOf = (id: string) => ({ purpose: 'ssh-credential.private-key', id });

/** For `ssh_credentials.sealed`: the backend seals, only the cert-worker opens. `id` is the row's. */
export const sealSshCredential = (
  box: SecretBox,
  id: string,
  { privateKey, passphrase }: SshCredentialSecret,
): SealedSecret =>
  box.seal(
    JSON.stringify({ private_key: privateKey, ...(passphrase !== undefined && { passphrase }) }),
    contextOf(id),
  );

/** @throws AppError INTERNAL_ERROR when it does not open or is no credential; never quotes what it found */
export function openSshCredential(box: SecretBox, id: string, sealed: unknown): SshCredentialSecret {
  const text = box.openText(sealed, contextOf(id));
  const { private_key: privateKey, passphrase } = parse(text);
  if (typeof privateKey !== 'string' || (passphrase !== undefined && typeof passphrase !== 'string'))
    throw new AppError('INTERNAL_ERROR', `SSH credential ${id} holds something else`);
  return { privateKey, ...(passphrase !== undefined && { passphrase }) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

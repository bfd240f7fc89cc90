import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox } from './secret-box';

/** What proves to a server who signs in. */
export type SshCredentialSecret =
  /** OpenSSH or PEM private key. */
  | { readonly privateKey: string; readonly passphrase?: string | undefined }
  | { readonly password: string }
  /** The agent that the cert-worker is configured with: nothing is kept here. */
  | { readonly agent: true };

const contextOf = (id: string) => ({ purpose: 'ssh-credential.private-key', id });

/** For `ssh_credentials.sealed`: the backend seals, only the cert-worker opens. `id` is the row's. */
export const sealSshCredential = (box: SecretBox, id: string, secret: SshCredentialSecret): SealedSecret =>
  box.seal(JSON.stringify(stored(secret)), contextOf(id));

function stored(secret: SshCredentialSecret): Record<string, unknown> {
  if ('password' in secret) return { password: secret.password };
  if ('agent' in secret) return { agent: true };
  const { privateKey, passphrase } = secret;
  return { private_key: privateKey, ...(passphrase !== undefined && { passphrase }) };
}

/** @throws AppError INTERNAL_ERROR when it does not open or is no credential; never quotes what it found */
export function openSshCredential(box: SecretBox, id: string, sealed: unknown): SshCredentialSecret {
  const text = box.openText(sealed, contextOf(id));
  const { private_key: privateKey, passphrase, password, agent } = parse(text);
  if (agent === true) return { agent };
  if (typeof password === 'string') return { password };
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

import { createPrivateKey } from 'node:crypto';
import { AppError } from '@viw/runtime';

const refuse = (msg: string): never => {
  throw new AppError('VALIDATION_FAILED', `private_key: ${msg}`, {
    meta: { errors: [{ path: 'private_key', msg }] },
  });
};

const MAGIC = Buffer.from('openssh-key-v1\0');

/** First field of an OpenSSH key: the cipher's name, `none` when it needs no passphrase (PROTOCOL.key of OpenSSH). */
function opensshCipher(text: string): string | undefined {
  const base64 = text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < MAGIC.length + 8 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const length = bytes.readUInt32BE(MAGIC.length);
  const start = MAGIC.length + 4;
  return length <= 64 && start + length <= bytes.length
    ? bytes.toString('latin1', start, start + length)
    : undefined;
}

/**
 * Refuses what can be no SSH private key: OpenSSH's own format is looked at by its head, PEM (PKCS #8, PKCS #1, SEC 1) is
 * really parsed. No text of the key gets into the error.
 *
 * @throws AppError VALIDATION_FAILED
 */
export function assertPrivateKey(text: string, passphrase: string | undefined): void {
  const label = /^\s*-----BEGIN ([A-Z ]*PRIVATE KEY)-----\s[\s\S]+-----END \1-----\s*$/.exec(text)?.[1];
  if (label === undefined) return refuse('a private key in OpenSSH or PEM form');
  if (label === 'OPENSSH PRIVATE KEY') {
    const cipher = opensshCipher(text);
    if (cipher === undefined) return refuse('not a readable OpenSSH private key');
    if (cipher !== 'none' && passphrase === undefined)
      return refuse('it is encrypted: a passphrase is needed');
    return;
  }
  try {
    createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    refuse('it cannot be read; is the passphrase right?');
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Signature algorithms accepted for a server's host key. SHA-1 (`ssh-rsa`) and DSA are left out, so that a pinned
 * RSA key cannot be vouched for with a broken hash.
 */
export const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type HostKeyAlgorithm = (typeof HOST_KEY_ALGORITHMS)[number];

/** With or without base64 padding: OpenSSH prints none, other programs do. */
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;

/** `SHA256:` and the unpadded base64 of the key blob's digest, as `ssh-keygen -l` prints it. */
export function hostKeyFingerprint(keyBlob: Buffer): string {
  return `SHA256:${createHash('sha256').update(keyBlob).digest('base64').replace(/=+$/, '')}`;
}

export function isHostKeyFingerprint(value: string): boolean {
  return FINGERPRINT.test(value);
}

/** The key type named inside a key blob, for example `ssh-ed25519` (RFC 4253 section 6.6). */
export function hostKeyType(keyBlob: Buffer): string {
  const length = keyBlob.readUInt32BE(0);
  return keyBlob.subarray(4, 4 + length).toString('latin1');
}

/**
 * What ssh2 may be given as a verifier. By itself it accepts every host when a verifier returns a promise, even one
 * that resolves to false: a promise is truthy. Behind this, nothing but a synchronous literal `true` accepts.
 */
export function onlyLiteralTrue(verify: (key: Buffer) => unknown): (key: Buffer) => boolean {
  return (key) => verify(key) === true;
}

/** The host verifier for ssh2, which accepts every host when there is none. */
export function pinnedHostKey(
  expected: string,
  onOffered: (fingerprint: string) => void,
): (key: Buffer) => boolean {
  if (!isHostKeyFingerprint(expected))
    throw new RangeError('a host key fingerprint has the form SHA256:<43 characters>');
  const pinned = Buffer.from(expected.replace(/=$/, ''));
  return onlyLiteralTrue((key) => {
    const fingerprint = hostKeyFingerprint(key);
    onOffered(fingerprint);
    const offered = Buffer.from(fingerprint);
    return offered.length === pinned.length && timingSafeEqual(offered, pinned);
  });
}

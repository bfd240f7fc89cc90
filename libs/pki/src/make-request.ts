import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** INTEGER 0 (the version), an empty SEQUENCE (the subject). */
const VERSION_AND_SUBJECT = Buffer.from('0201003000', 'hex');
/** [0] without attributes. */
const ATTRIBUTES = Buffer.from('a000', 'hex');
/** SEQUENCE { OBJECT IDENTIFIER 1.3.101.112 } (RFC 8410 section 3). */
const ED25519 = Buffer.from('300506032b6570', 'hex');

/** Everything here is shorter than 256 bytes. */
const der = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(contents);
  const length = content.length < 128 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

/**
 * A PKCS #10 request (RFC 2986) in PEM for the holder of this Ed25519 key. It names nobody: whoever signs it knows whom it is
 * for. All of it but key and signature is constant, so that an agent needs no library for it, which would take a fifth of the
 * memory that an agent may have.
 */
export function makeRequest(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const info = der(0x30, VERSION_AND_SUBJECT, publicKey, ATTRIBUTES);
  const signature = der(0x03, Buffer.from([0]), sign(null, info, privateKey));
  const base64 = der(0x30, info, ED25519, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join(
    '\n',
  );
}

import { createHmac, hkdfSync } from 'node:crypto';
import type { PrivateSigningKey } from '@viw/commands';

/**
 * What the audit line says of a command's arguments: HMAC-SHA256, in hex, with a key that only this host can derive. Equal
 * arguments show as equal, and nobody who reads the log can find out by trying which they were.
 */
export function argsHasher({ d }: Pick<PrivateSigningKey, 'd'>): (argsHash: string) => string {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'viw audit args_hash', 32));
  return (argsHash) => createHmac('sha256', key).update(argsHash).digest('hex');
}

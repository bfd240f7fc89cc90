import { createHmac } from 'node:crypto';

/** HMAC-SHA256 (RFC 2104, FIPS 180-4) as 64 lower-case hexadecimal digits. */
export const hmacHex = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text, 'utf8').digest('hex');

import { X509Certificate, createHash } from 'node:crypto';

export const sha256Hex = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of a certificate's DER form in lower-case hex. @param pem */
export const fingerprintOf = (pem: string): string => sha256Hex(new X509Certificate(pem).raw);

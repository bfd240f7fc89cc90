import { X509Certificate, createHash } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';

/** Error code of a connection to somebody who is not the pinned one. */
export const PIN_MISMATCH = 'ERR_TLS_PIN_MISMATCH';

/** base64 SHA-256 of the certificate's SubjectPublicKeyInfo, as RFC 7469 section 2.4 writes pins. */
export const spkiPinOf = (certificateDer: Buffer): string =>
  createHash('sha256')
    .update(new X509Certificate(certificateDer).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

/**
 * Options of a TLS connection that insists on one of these pins, beside what TLS itself verifies: chain, dates and name. It
 * is the server's own certificate that counts; its issuers are not looked at, since a peer may send any.
 */
export function pinned(pins: readonly string[]) {
  if (pins.length === 0) return {};
  return {
    checkServerIdentity: (host: string, certificate: PeerCertificate): Error | undefined => {
      const wrong = checkServerIdentity(host, certificate);
      if (wrong !== undefined || pins.includes(spkiPinOf(certificate.raw))) return wrong;
      return Object.assign(new Error('the certificate has none of the pinned keys'), { code: PIN_MISMATCH });
    },
  };
}

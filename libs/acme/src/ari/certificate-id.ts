import { AuthorityKeyIdentifierExtension, X509Certificate } from '@peculiar/x509';

/**
 * Unique identifier of a certificate (RFC 9773 section 4.1): key identifier of its authority and serial number, the DER
 * octets of both, so that a leading 00 of the serial number stays.
 * @throws RangeError for a certificate that does not name the key of its authority
 */
export function certificateId(pem: string): string {
  const certificate = new X509Certificate(pem);
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) throw new RangeError('the certificate has no authority key identifier');
  return `${base64url(keyId)}.${base64url(derInteger(certificate.serialNumber))}`;
}

/** DER content of a positive integer: the shortest one whose first bit is 0. */
function derInteger(hex: string): string {
  const digits = hex.replace(/^0+(?=.)/, '');
  const octets = digits.length % 2 === 0 ? digits : `0${digits}`;
  return parseInt(octets.slice(0, 2), 16) < 0x80 ? octets : `00${octets}`;
}

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');

import { X509Certificate } from 'node:crypto';
import { canonicalName } from './identifiers';

export interface CertificateInfo {
  /** Canonical; DNS names and IP addresses of the subject alternative name, in its order. */
  names: string[];
  notBefore: Date;
  notAfter: Date;
  /** Lower-case hex, as OpenSSL prints it. */
  serial: string;
  /** Lower-case hex SHA-256 of the DER. */
  fingerprintSha256: string;
  /** Distinguished name of the issuer, one line, for example `CN=Pebble Intermediate CA 3a4b`. */
  issuer: string;
}

/** Facts about the first certificate in `pem`. @throws Error when it holds none. */
export function certificateInfo(pem: string): CertificateInfo {
  const certificate = new X509Certificate(splitChain(pem)[0] ?? pem);
  return {
    names: alternativeNames(certificate.subjectAltName),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    serial: certificate.serialNumber.toLowerCase(),
    fingerprintSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: certificate.issuer.replaceAll('\n', ', '),
  };
}

/** The certificates of a PEM bundle, each ending in a newline, in their order. */
export function splitChain(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block}\n`);
}

function alternativeNames(text: string | undefined): string[] {
  if (text === undefined) return [];
  // Node writes values that could be mistaken for further entries as JSON strings.
  const entries = text.match(/(?:DNS|IP Address):(?:"(?:[^"\\]|\\.)*"|[^,]*)/g) ?? [];
  return entries.map((entry) => canonicalName(entry.slice(entry.indexOf(':') + 1).trim()));
}

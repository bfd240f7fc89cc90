import { X509Certificate } from 'node:crypto';

/** Undefined: it is none, or there is more in the text: whoever passes that on would pass it on, too. @param text PEM */
export function soleCertificate(text: string): X509Certificate | undefined {
  const certificate = readCertificate(text);
  return certificate?.toString().trim() === text.trim() ? certificate : undefined;
}

/** The first one. Undefined: it is none. @param text PEM */
export function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** By name, key identifier and signature. */
export const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/** Texts of several certificates follow each other only when each ends with its line. @param pem of one certificate */
export const pemLines = (pem: string): string => `${pem.trim()}\n`;
